import { describe, expect, it } from "vitest";
import { lines, BAND, CHILD, PARAMETERS, TASK, type Runs } from "../src/draw/rows";
import { FOLD, gapsOf, Scale, ticks } from "../src/draw/scale";
import { density } from "../src/draw/timeline";
import type { Family } from "../src/words/states";

describe("a scale", () => {
  it("goes there and back", () => {
    const scale = new Scale(1_000, 2_000, 500);
    expect(scale.x(1_500)).toBe(250);
    expect(scale.time(250)).toBe(1_500);
    expect(scale.x(900)).toBeLessThan(0);
  });
  it("folds what is idle, and goes back through the fold", () => {
    const scale = new Scale(0, 1_000, 212, [{ from: 400, to: 900 }]);
    expect(scale.x(400)).toBeCloseTo(160);
    expect(scale.x(900)).toBeCloseTo(160 + FOLD);
    expect(scale.x(1_000)).toBeCloseTo(212);
    expect(scale.time(scale.x(950))).toBeCloseTo(950);
  });
  it("finds idle stretches in spans of any order", () => {
    const gaps = gapsOf(
      [
        [900, 1_000],
        [0, 100],
        [50, 200],
      ],
      0,
      1_000,
    );
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.from).toBeCloseTo(205);
    expect(gaps[0]?.to).toBeCloseTo(895);
  });
  it("gives round times in the zone, never too close", () => {
    const scale = new Scale(0, 86_400_000, 800);
    const { times, step } = ticks(scale, 100, 330);
    expect(step).toBe(10_800_000);
    expect((times[0] as number) + 330 * 60_000).toBe(Math.ceil((330 * 60_000) / step) * step);
  });
});

const FAMILIES: Family[] = ["waiting", "success", "failed"];

function runs(
  rows: { task: number; map: number; state: number; start?: number; end?: number }[],
  types: (string | null)[],
): Runs {
  const parent = new Map<number, number>();
  const kids = new Map<number, number>();
  rows.forEach((one, index) => {
    if (one.map < 0) parent.set(one.task, index);
    else kids.set(one.task, (kids.get(one.task) ?? 0) + 1);
  });
  return {
    length: rows.length,
    start: Float64Array.from(rows, (one) => one.start ?? Number.NaN),
    end: Float64Array.from(rows, (one) => one.end ?? Number.NaN),
    state: Uint8Array.from(rows, (one) => one.state),
    task: Uint16Array.from(rows, (one) => one.task),
    map: Int32Array.from(rows, (one) => one.map),
    tasks: types.map((type) => ({ type, mapped: false })),
    parentOf: (task) => parent.get(task) ?? -1,
    childrenOf: (task) => kids.get(task) ?? 0,
  };
}

describe("the lines of a timeline", () => {
  const all = runs(
    [
      { task: 0, map: -1, state: 1, start: 0, end: 1 },
      { task: 1, map: -1, state: 1, start: 0, end: 1 },
      { task: 2, map: -1, state: 1, start: 1, end: 9 },
      { task: 2, map: 0, state: 1, start: 1, end: 4 },
      { task: 2, map: 1, state: 2, start: 2, end: 9 },
      { task: 3, map: -1, state: 0 },
    ],
    ["prefect.core.parameter.Parameter", "prefect.core.parameter.Parameter", "x", "y"],
  );
  const view = { open: new Set<number>(), families: FAMILIES, only: new Set<Family>(), now: 10 };
  it("folds parameters and children", () => {
    const found = lines(all, { ...view, order: "task" });
    expect([...found.kind]).toEqual([PARAMETERS, BAND, TASK]);
    expect(found.parameters).toEqual([0, 1]);
  });
  it("opens children, the failed first", () => {
    const found = lines(all, { ...view, order: "task", open: new Set([2]) });
    expect([...found.kind]).toEqual([PARAMETERS, BAND, CHILD, CHILD, TASK]);
    expect([...found.row].slice(2, 4)).toEqual([4, 3]);
  });
  it("shows only what is asked for", () => {
    const found = lines(all, { ...view, order: "task", only: new Set<Family>(["waiting"]) });
    expect([...found.row]).toEqual([5]);
  });
  it("orders by start and by length", () => {
    expect([...lines(all, { ...view, order: "start" }).row]).toEqual([0, 1, 3, 4]);
    expect([...lines(all, { ...view, order: "slow" }).row][0]).toBe(4);
  });
  it("counts by column what was at work", () => {
    const found = density(all, [3, 4], new Scale(0, 10, 30), FAMILIES, 10);
    expect(found.columns).toBe(10);
    expect([...found.counts.failed]).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect([...found.counts.success]).toEqual([0, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
    expect(found.most).toBe(2);
  });
});
