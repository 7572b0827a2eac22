import { describe, expect, test } from "vitest";
import { changes, commandOf, promise, quoted, readParameters, same, settled } from "../src/data/restart";

describe("restarting a run", () => {
  test("what will happen is said with its number", () => {
    expect(promise("FAILED", 216, false)).toContain("216 task runs");
    expect(promise("FAILED", 1, false)).toContain("1 task run.");
    expect(promise("START", 3, false)).toContain("no result is kept");
    expect(promise("TASK", 2, true)).toContain("changed parameters");
    expect(promise("FAILED", 0, false)).toContain("flow run alone");
  });

  test("a refusal is an error that says why", () => {
    const answer = {
      flow_run_id: "a",
      restarted: false,
      state: null,
      task_runs: 0,
      code: "RUNNING",
      reason: "It runs.",
    };
    expect(() => settled([answer])).toThrow("It runs.");
    expect(() => settled([])).toThrow();
    expect(settled([{ ...answer, restarted: true }]).task_runs).toBe(0);
  });

  test("only parameters that differ are sent", () => {
    const before = { a: 1, b: { x: 1, y: [1, 2] }, c: null };
    expect(changes(before, { a: 1, b: { y: [1, 2], x: 1 }, c: null })).toEqual({});
    expect(changes(before, { a: "1", b: { x: 1, y: [2, 1] }, d: false })).toEqual({
      a: "1",
      b: { x: 1, y: [2, 1] },
      d: false,
    });
    expect(same({}, [])).toBe(false);
  });

  test("what is no object is refused in words", () => {
    expect(readParameters("[1]").wrong).toContain("object");
    expect(readParameters("{").wrong).toContain("no JSON");
    expect(readParameters('{"a": 1}')).toEqual({ value: { a: 1 }, wrong: "" });
  });
});

describe("a run as a command", () => {
  test("nothing in a name or a value is read by the shell", () => {
    expect(quoted("nightly-load")).toBe("nightly-load");
    expect(quoted("it's $HOME")).toBe(`'it'\\''s $HOME'`);
    expect(
      commandOf({ flow: "a b", project: "demo", parameters: { day: "x", n: [1] }, labels: ["eu"], name: null }),
    ).toBe(`prefect run --name 'a b' --project demo --param 'day="x"' --param 'n=[1]' --label eu`);
  });
});
