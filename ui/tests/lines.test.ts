import { describe, expect, test } from "vitest";
import { beyond, fits, Lines, likeOf, MOST_LINES, whereOf, type Line } from "../src/data/lines";

const time = (at: number) => new Date(1_764_000_000_000 + at * 1000).toISOString();
const line = (at: number): Line => ({
  id: String(at),
  seq: at,
  timestamp: time(at),
  level: "INFO",
  name: "prefect",
  message: `line ${at}`,
  task_run_id: null,
});
const span = (from: number, until: number) => Array.from({ length: until - from }, (_, at) => line(from + at));
const seconds = (lines: Lines) => [...lines.all()].map((one) => Number(one.message?.slice(5)));

describe("the window of lines", () => {
  test("pages stand before and behind, and none stands twice", () => {
    const lines = new Lines();
    lines.reset(span(500, 1000), true, true);
    lines.before(span(0, 501), true);
    lines.after(span(999, 1200), false);
    expect(seconds(lines)).toEqual(span(0, 1200).map((_, at) => at));
    expect([lines.hasBefore, lines.hasAfter, lines.length]).toEqual([false, true, 1200]);
  });

  test("the far end is let go beyond the bound, and is known to be missing", () => {
    const lines = new Lines();
    lines.reset(span(0, 4_900), false, true);
    lines.after(span(4_900, 5_400), true);
    expect(lines.length).toBeLessThanOrEqual(MOST_LINES);
    expect([lines.hasBefore, lines.hasAfter]).toEqual([true, false]);
    expect(lines.last?.id).toBe("5399");
    expect(lines.has("0")).toBe(false);
    lines.before(span(0, 400), true);
    expect([lines.hasBefore, lines.hasAfter]).toEqual([false, true]);
  });

  test("a block that did not change is the same object, one that grew keeps its key", () => {
    const lines = new Lines();
    lines.reset(span(0, 70), false, false);
    const [full, open] = lines.blocks;
    lines.tail(span(70, 75));
    expect(lines.blocks[0]).toBe(full);
    expect(lines.blocks[1]).not.toBe(open);
    expect(lines.blocks[1]?.key).toBe(open?.key);
  });

  test("what comes late finds its place, and is told as new once", () => {
    const lines = new Lines();
    lines.reset([line(1), line(3), line(5)], false, false);
    expect(lines.tail([line(4), line(5), line(6), line(2)]).map((one) => one.id)).toHaveLength(3);
    expect(seconds(lines)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(lines.tail([line(4), line(6)])).toEqual([]);
  });

  test("a late line before a window that has more before is left to its page", () => {
    const lines = new Lines();
    lines.reset(span(10, 20), true, false);
    expect(lines.tail([line(5)])).toEqual([]);
    expect(lines.has("5")).toBe(false);
  });

  test("a window that is not at the end takes no tail", () => {
    const lines = new Lines();
    lines.reset(span(0, 5), false, true);
    expect(lines.tail(span(100, 105))).toEqual([]);
    expect(lines.length).toBe(5);
  });

  test("the next line that fits is found in both directions", () => {
    const lines = new Lines();
    lines.reset(span(0, 100), false, false);
    const tens = (one: Line) => one.message?.endsWith("0") ?? false;
    expect(lines.next("15", false, tens)?.id).toBe("20");
    expect(lines.next("15", true, tens)?.id).toBe("10");
    expect(lines.next("95", false, tens)).toBeNull();
    expect(lines.next(null, false, tens)?.id).toBe("0");
  });
});

describe("questions for lines", () => {
  const all = { flowRun: "run", taskRuns: [], levels: [], query: "", only: false, from: null, until: null };

  test("a filter names only what is filtered", () => {
    expect(whereOf(all)).toEqual({ _and: [{ flow_run_id: { _eq: "run" } }] });
    expect(whereOf({ ...all, query: "a" })).toEqual(whereOf(all));
    expect(whereOf({ ...all, query: "50%_", only: true })._and).toContainEqual({
      message: { _ilike: "%50\\%\\_%" },
    });
    expect(whereOf({ ...all, taskRuns: ["t"] })._and).toContainEqual({ task_run_id: { _eq: "t" } });
    expect(whereOf({ ...all, among: { ids: ["t"], others: false } })._and).toContainEqual({
      task_run_id: { _in: ["t"] },
    });
    expect(whereOf({ ...all, among: { ids: ["t"], others: true } })._and).toContainEqual({
      task_run_id: { _nin: ["t"] },
    });
  });

  test("a searched text is no pattern", () => {
    expect(likeOf("a\\b")).toBe("a\\\\b");
  });

  test("what is behind a line is asked for by an index's column first", () => {
    const asked = beyond(whereOf(all), line(1), true)._and;
    expect(asked).toContainEqual({ timestamp: { _lte: time(1) } });
    expect(asked).toContainEqual({ _or: [{ timestamp: { _lt: time(1) } }, { seq: { _lt: 1 } }] });
    expect(beyond(whereOf(all), line(1), false, true)._and.at(-1)).toEqual({
      _or: [{ timestamp: { _gt: time(1) } }, { seq: { _gte: 1 } }],
    });
    // A line without a number is found by its id.
    const old = { ...line(1), seq: 0, id: "abc" };
    expect(JSON.stringify(beyond(whereOf(all), old, true))).toContain('{"id":{"_lt":"abc"}}');
  });

  test("a line that was just told is held against the same filter", () => {
    const told = { ...line(5), level: "ERROR", message: "Key MISSING", task_run_id: "t" };
    expect(fits(told, all)).toBe(true);
    expect(fits(told, { ...all, taskRuns: ["t"], levels: ["ERROR"], query: "missing", only: true })).toBe(true);
    for (const other of [
      { taskRuns: ["x"] },
      { among: { ids: ["x"], others: false } },
      { among: { ids: ["t"], others: true } },
      { levels: ["INFO"] },
      { query: "absent", only: true },
      { from: Date.parse(time(6)) },
      { until: Date.parse(time(4)) },
    ])
      expect(fits(told, { ...all, ...other })).toBe(false);
    // What is only searched for is not left out.
    expect(fits(told, { ...all, query: "absent" })).toBe(true);
  });
});
