import { describe, expect, it } from "vitest";
import { instantsOf, offsetOf, wallOf, when } from "../src/words/time";

describe("the clock of a zone", () => {
  it("finds the one instant of a wall time", () => {
    expect(instantsOf("2026-11-29T06:00", "Europe/Berlin")).toEqual([Date.UTC(2026, 10, 29, 5)]);
  });
  it("finds none where the clock jumps", () => {
    expect(instantsOf("2027-03-28T02:30", "Europe/Berlin")).toEqual([]);
  });
  it("finds two where the clock goes back", () => {
    expect(instantsOf("2027-10-31T02:30", "Europe/Berlin")).toEqual([
      Date.UTC(2027, 9, 31, 0, 30),
      Date.UTC(2027, 9, 31, 1, 30),
    ]);
  });
  it("knows zones far from UTC", () => {
    expect(offsetOf(Date.UTC(2026, 5, 1), "Pacific/Kiritimati")).toBe(14 * 60);
    expect(wallOf(Date.UTC(2026, 5, 1), "America/New_York")).toBe("2026-05-31T20:00");
  });
  it("says how far away an instant is", () => {
    const now = Date.UTC(2026, 10, 27, 12);
    const how = { zone: "UTC", hours: 24 } as const;
    expect(when(now - 12 * 60_000, how, now)).toBe("12 min ago");
    expect(when(now + 3 * 3_600_000, how, now)).toBe("in 3 h");
    expect(when(now - 3 * 86_400_000, how, now)).toBe("Tue 24 Nov, 12:00");
  });
});
