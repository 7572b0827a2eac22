import { describe, expect, it } from "vitest";
import { DEFAULTS, looksOf } from "../src/data/looks";

describe("how it looks", () => {
  it("is read as it was kept", () => {
    const kept = { theme: "dark", zone: "Europe/Berlin", hours: 12, density: "wide", keys: false, colours: "classic" };
    expect(looksOf(kept)).toEqual(kept);
    expect(looksOf({ theme: "light" })).toEqual({ ...DEFAULTS, theme: "light" });
  });
  it("is as by default where what was kept cannot be used", () => {
    for (const spoiled of [null, 5, "dark", [], { theme: "pink", zone: "Nowhere/Else", hours: 13, keys: 1, more: 2 }])
      expect(looksOf(spoiled)).toEqual(DEFAULTS);
  });
});
