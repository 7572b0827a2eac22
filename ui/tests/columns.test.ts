import { describe, expect, test } from "vitest";
import { codeOf, Columns, STATES, topological, type TaskRunRow, type TaskShape } from "../src/data/columns";

const task = (id: string, mapped = false): TaskShape => ({ id, name: id, slug: `${id}-1`, type: "Task", mapped });
const edge = (up: string, down: string) => ({ upstream_task_id: up, downstream_task_id: down });
const run = (id: string, taskId: string, state: string, more: Partial<TaskRunRow> = {}): TaskRunRow => ({
  id,
  task_id: taskId,
  map_index: -1,
  name: null,
  state,
  start_time: null,
  end_time: null,
  state_timestamp: null,
  version: 1,
  ...more,
});
const counted = (columns: Columns) =>
  Object.fromEntries(
    [...columns.counts].map((count, code) => [STATES[code] ?? "", count]).filter(([, count]) => count),
  );

describe("the order of tasks", () => {
  test("each stands behind what it waits for", () => {
    const sorted = topological([task("c"), task("b"), task("a"), task("d")], [edge("a", "b"), edge("b", "c")]);
    expect(sorted.map((one) => one.id)).toEqual(["a", "d", "b", "c"]);
  });

  test("a circle and edges to nowhere lose no task", () => {
    const sorted = topological([task("a"), task("b"), task("c")], [edge("b", "c"), edge("c", "b"), edge("x", "a")]);
    expect(sorted.map((one) => one.id)).toEqual(["a", "b", "c"]);
  });
});

describe("columns", () => {
  test("a patch writes cells, counts states and raises the version", () => {
    const columns = new Columns([task("a"), task("b")]);
    columns.patch([
      run("1", "a", "Running", { start_time: "2026-11-27T14:20:00Z" }),
      run("2", "b", "Pending"),
      run("3", "gone", "Pending"),
    ]);
    expect(columns.length).toBe(2);
    expect(columns.start[0]).toBe(Date.parse("2026-11-27T14:20:00Z"));
    expect(columns.end[0]).toBeNaN();
    expect(counted(columns)).toEqual({ Running: 1, Pending: 1 });
    expect(columns.patch([run("1", "a", "Success", { version: 2 })])).toBe(1);
    expect(counted(columns)).toEqual({ Success: 1, Pending: 1 });
    expect([...columns.stamp.subarray(0, 2)]).toEqual([2, 1]);
    expect(columns.version).toBe(2);
  });

  test("what is older than what is known changes nothing", () => {
    const columns = new Columns([task("a")]);
    columns.patch([run("1", "a", "Success", { version: 3 })]);
    expect(columns.patch([run("1", "a", "Running", { version: 2 })])).toBe(0);
    expect(columns.state[0]).toBe(codeOf("Success"));
    expect(columns.version).toBe(1);
  });

  test("a mapped parent counts for itself only until its children are there, in whatever order they come", () => {
    for (const order of [
      [0, 1, 2],
      [1, 0, 2],
      [2, 1, 0],
    ]) {
      const columns = new Columns([task("m", true)]);
      const rows = [
        run("p", "m", "Mapped"),
        run("c0", "m", "Failed", { map_index: 0 }),
        run("c1", "m", "Success", { map_index: 1 }),
      ];
      for (const at of order) columns.patch([rows[at] as TaskRunRow]);
      columns.patch([run("p", "m", "Failed", { version: 2 })]);
      expect(counted(columns)).toEqual({ Failed: 1, Success: 1 });
      expect(columns.childrenOf(0)).toBe(2);
      expect(columns.id[columns.parentOf(0)]).toBe("p");
      expect(columns.nameOf(columns.index.get("c1") as number)).toBe("m[1]");
    }
  });

  test("a state that is not known is counted as none", () => {
    const columns = new Columns([task("a")]);
    columns.patch([run("1", "a", "Dreaming")]);
    expect(columns.state[0]).toBe(0);
    expect(counted(columns)).toEqual({ "": 1 });
  });

  test("many rows are held", () => {
    const columns = new Columns([task("m", true)]);
    const rows = Array.from({ length: 5_000 }, (_, at) => run(`${at}`, "m", "Success", { map_index: at }));
    columns.patch(rows);
    columns.patch(rows.map((row) => ({ ...row, state: "Failed", version: 2 })));
    expect(counted(columns)).toEqual({ Failed: 5_000 });
    expect(columns.index.get("4999")).toBe(4_999);
  });
});
