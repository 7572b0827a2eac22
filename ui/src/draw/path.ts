import type { Runs } from "./rows";

/** The chain of tasks that a run's end waited for, and when each began and ended. */
export interface Path {
  /** Numbers of tasks, the first to begin first. */
  tasks: number[];
  /** The task run of each that ended last, by its row. */
  rows: Set<number>;
  /** From the first start to the last end, in milliseconds. */
  length: number;
  /** How much of it no task of the chain was at work, in milliseconds. */
  idle: number;
}

/** Find the critical path: back from the task that ended last, each time to what it waited for longest.
 *
 * `edges` are pairs of task numbers, what comes first first. What has not ended ends `now`.
 */
export function criticalPath(runs: Runs, edges: readonly (readonly [number, number])[], now: number): Path {
  const count = runs.tasks.length;
  const start = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const end = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  const last = new Int32Array(count).fill(-1);
  for (let row = 0; row < runs.length; row += 1) {
    const task = runs.task[row] ?? 0;
    const from = runs.start[row] ?? Number.NaN;
    if (Number.isNaN(from)) continue;
    // The parent of children says nothing of when they ran.
    if ((runs.map[row] ?? -1) < 0 && runs.childrenOf(task) > 0) continue;
    const known = runs.end[row] ?? Number.NaN;
    const to = Number.isNaN(known) ? Math.max(from, now) : known;
    start[task] = Math.min(start[task] ?? 0, from);
    if (to > (end[task] ?? 0)) {
      end[task] = to;
      last[task] = row;
    }
  }
  const up: number[][] = Array.from({ length: count }, () => []);
  for (const [from, to] of edges) up[to]?.push(from);
  const latest = (among: Iterable<number>): number => {
    let found = -1;
    for (const one of among) {
      if ((last[one] ?? -1) >= 0 && (found < 0 || (end[one] ?? 0) > (end[found] ?? 0))) found = one;
    }
    return found;
  };
  const tasks: number[] = [];
  const seen = new Set<number>();
  for (let one = latest(Array.from({ length: count }, (_, task) => task)); one >= 0 && !seen.has(one);) {
    seen.add(one);
    tasks.unshift(one);
    one = latest(up[one] ?? []);
  }
  let idle = 0;
  tasks.forEach((task, at) => {
    const before = tasks[at - 1];
    if (before !== undefined) idle += Math.max(0, (start[task] ?? 0) - (end[before] ?? 0));
  });
  const [head, tail] = [tasks[0], tasks.at(-1)];
  return {
    tasks,
    rows: new Set(tasks.map((task) => last[task] ?? -1)),
    length: head === undefined || tail === undefined ? 0 : (end[tail] ?? 0) - (start[head] ?? 0),
    idle,
  };
}
