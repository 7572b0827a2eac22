import { describe, expect, it } from "vitest";
import { attemptsOf, piecesOf } from "../src/draw/attempts";
import { criticalPath } from "../src/draw/path";

const START = Date.parse("2026-11-28T12:00:00Z");
const at = (second: number) => new Date(START + second * 1_000).toISOString();
const history = (...all: [string, number][]) => all.map(([state, second]) => ({ state, timestamp: at(second) }));
const told = (...all: [string, number][]) =>
  piecesOf(history(...all)).map((one) => [
    one.runs ? "run" : "wait",
    (one.from - START) / 1_000,
    Number.isNaN(one.to) ? null : (one.to - START) / 1_000,
    one.family,
  ]);

describe("the attempts of a task run", () => {
  it("are pieces with what lay between them", () => {
    const all = told(["Pending", 0], ["Running", 1], ["Retrying", 3], ["Running", 9], ["Success", 10]);
    expect(all).toEqual([
      ["run", 1, 3, "failed"],
      ["wait", 3, 9, "retry"],
      ["run", 9, 10, "success"],
    ]);
  });
  it("go on while the last does, or while the next is waited for", () => {
    expect(told(["Pending", 0], ["Running", 1], ["Failed", 2], ["Pending", 5], ["Running", 6])).toEqual([
      ["run", 1, 2, "failed"],
      ["wait", 2, 5, "failed"],
      ["wait", 5, 6, "waiting"],
      ["run", 6, null, "running"],
    ]);
    expect(told(["Running", 1], ["Retrying", 2])).toEqual([
      ["run", 1, 2, "failed"],
      ["wait", 2, null, "retry"],
    ]);
  });
  it("are one where it ran once, and none before", () => {
    expect(attemptsOf(piecesOf(history(["Pending", 0], ["Running", 1], ["Success", 2])))).toBe(1);
    expect(told(["Pending", 0], ["TriggerFailed", 1])).toEqual([]);
    expect(told(["Running", 1], ["Success", 2])).toHaveLength(1);
  });
});

describe("the critical path", () => {
  // A run of tasks, each [start, end] in seconds; a list of several: mapped children.
  const run = (...tasks: ([number, number] | [number, number][] | null)[]) => {
    const rows = tasks.flatMap((one, task) => {
      if (one === null) return [{ task, map: -1, from: Number.NaN, to: Number.NaN }];
      const all = (Array.isArray(one[0]) ? one : [one]) as [number, number][];
      const mapped = Array.isArray(one[0]);
      const own = mapped ? [{ task, map: -1, from: 0, to: 1_000 }] : [];
      return [...own, ...all.map(([from, to], map) => ({ task, map: mapped ? map : -1, from, to }))];
    });
    const children = (task: number) => rows.filter((row) => row.task === task && row.map >= 0).length;
    return {
      length: rows.length,
      start: Float64Array.from(rows, (row) => row.from),
      end: Float64Array.from(rows, (row) => row.to),
      state: new Uint8Array(rows.length),
      task: Uint16Array.from(rows, (row) => row.task),
      map: Int32Array.from(rows, (row) => row.map),
      tasks: tasks.map(() => ({ type: null, mapped: false })),
      parentOf: (task: number) => rows.findIndex((row) => row.task === task && row.map < 0),
      childrenOf: children,
    };
  };

  it("goes back from the end by what was waited for longest", () => {
    const path = criticalPath(
      run([0, 5], [0, 9], [6, 7], [10, 20], [0, 2]),
      [
        [0, 2],
        [1, 3],
        [2, 3],
      ],
      99,
    );
    expect([path.tasks, path.length, path.idle]).toEqual([[1, 3], 20, 1]);
  });
  it("takes the child that ended last, and not the parent's own times", () => {
    const path = criticalPath(
      run(
        [0, 1],
        [
          [1, 4],
          [1, 9],
          [2, 3],
        ],
      ),
      [[0, 1]],
      99,
    );
    expect(path.tasks).toEqual([0, 1]);
    expect(path.rows).toEqual(new Set([0, 3]));
  });
  it("ends now where something still runs, and is empty before anything does", () => {
    expect(criticalPath(run([0, 1], [1, Number.NaN]), [[0, 1]], 50).length).toBe(50);
    expect(criticalPath(run(null, null), [[0, 1]], 50)).toMatchObject({ tasks: [], length: 0, idle: 0 });
  });
  it("ends on a circle, which no run has", () => {
    const circle = [
      [0, 1],
      [1, 0],
    ] as const;
    expect(criticalPath(run([0, 1], [1, 2]), circle, 50).tasks).toEqual([0, 1]);
  });
});
