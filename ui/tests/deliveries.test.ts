import { describe, expect, it } from "vitest";
import { attemptsSaid, outcomeSaid, toldSaid } from "../src/screens/automations/deliveries";

describe("a delivery", () => {
  it("is said in words, with a shape of its own", () => {
    expect(["DELIVERED", "RETRYING", "GIVEN_UP"].map((one) => outcomeSaid(one))).toEqual([
      { word: "Delivered", family: "success" },
      { word: "Retrying", family: "retry" },
      { word: "Given up", family: "failed" },
    ]);
    expect(outcomeSaid("NEW_KIND")).toEqual({ word: "NEW_KIND", family: "waiting" });
    expect([1, 2].map((one) => attemptsSaid("DELIVERED", one))).toEqual(["", "at attempt 2"]);
    expect(attemptsSaid("GIVEN_UP", 8)).toBe("after 8 attempts");
  });
  it("names what it told of", () => {
    const told = (event_type: string | null, state: string | null, subject: string | null = "amber-fox") =>
      Object.values(toldSaid({ event_type, state, subject })).join(" ");
    expect(told("FlowRunStateChange", "TimedOut")).toBe("amber-fox became Timed out");
    expect(told("FlowSLAFailed", "Running")).toBe("amber-fox broke its time limit, Running");
    expect(told("AgentSLAFailed", null, "eu-1")).toBe("eu-1 was silent for too long");
    expect(told(null, null, null)).toBe("something changed");
  });
});
