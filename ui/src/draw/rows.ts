import type { Family } from "../words/states";

/** Task runs as columns, as far as the timeline looks at them. */
export interface Runs {
  readonly length: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly state: Uint8Array;
  readonly task: Uint16Array;
  readonly map: Int32Array;
  readonly tasks: readonly { type: string | null; mapped: boolean }[];
  parentOf(task: number): number;
  childrenOf(task: number): number;
}

export type Order = "task" | "start" | "slow";

export const PARAMETERS = 0;
export const TASK = 1;
export const BAND = 2;
export const CHILD = 3;

/** The lines of the timeline: what each is, and the task run (or, for a band without one, the task) behind it. */
export interface Lines {
  kind: Uint8Array;
  /** A row of `Runs`; -1 for the folded parameters and for a task that has no task run yet. */
  row: Int32Array;
  task: Int32Array;
  length: number;
  /** The rows that "n parameters" stands for. */
  parameters: number[];
}

/** What the lines of the timeline depend on. */
export interface View {
  order: Order;
  open: ReadonlySet<number>;
  families: readonly Family[];
  /** Only these; empty: all. */
  only: ReadonlySet<Family>;
  now: number;
}

/** Lay out the lines: by task (children folded into a band until opened), by start, or the slowest first. */
export function lines(runs: Runs, view: View): Lines {
  const kind: number[] = [];
  const row: number[] = [];
  const task: number[] = [];
  const push = (what: number, of: number, which: number) => {
    kind.push(what);
    row.push(of);
    task.push(which);
  };
  const family = (of: number) => view.families[runs.state[of] ?? 0] ?? "waiting";
  const shown = (of: number) => view.only.size === 0 || view.only.has(family(of));
  const parameters: number[] = [];
  if (view.order === "task") {
    const children = childrenByTask(runs);
    for (let one = 0; one < runs.tasks.length; one += 1) {
      const own = runs.parentOf(one);
      if (runs.tasks[one]?.type?.endsWith("Parameter") && own >= 0) parameters.push(own);
    }
    const folded = parameters.length > 1;
    if (folded && view.only.size === 0) push(PARAMETERS, -1, -1);
    for (let one = 0; one < runs.tasks.length; one += 1) {
      const own = runs.parentOf(one);
      if (folded && parameters.includes(own)) continue;
      const kids = (children.get(one) ?? []).filter(shown);
      if (runs.childrenOf(one) > 0) {
        if (kids.length === 0) continue;
        push(BAND, own, one);
        if (!view.open.has(one)) continue;
        const rank = (of: number) => (family(of) === "failed" ? 0 : 1);
        kids.sort((a, b) => rank(a) - rank(b) || (runs.map[a] ?? 0) - (runs.map[b] ?? 0));
        for (const kid of kids) push(CHILD, kid, one);
      } else if (own >= 0 && shown(own)) push(TASK, own, one);
    }
  } else {
    const all: number[] = [];
    for (let of = 0; of < runs.length; of += 1) {
      const isParent = (runs.map[of] ?? -1) < 0 && runs.childrenOf(runs.task[of] ?? 0) > 0;
      if (!isParent && !Number.isNaN(runs.start[of] ?? Number.NaN) && shown(of)) all.push(of);
    }
    const length = (of: number) =>
      (Number.isNaN(runs.end[of] ?? 0) ? view.now : (runs.end[of] ?? 0)) - (runs.start[of] ?? 0);
    if (view.order === "start") all.sort((a, b) => (runs.start[a] ?? 0) - (runs.start[b] ?? 0));
    else all.sort((a, b) => length(b) - length(a));
    for (const of of all) push(TASK, of, runs.task[of] ?? 0);
  }
  return {
    kind: Uint8Array.from(kind),
    row: Int32Array.from(row),
    task: Int32Array.from(task),
    length: kind.length,
    parameters,
  };
}

/** The rows of mapped children by the number of their task. */
export function childrenByTask(runs: Runs): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (let row = 0; row < runs.length; row += 1) {
    if ((runs.map[row] ?? -1) < 0) continue;
    const task = runs.task[row] ?? 0;
    const list = found.get(task);
    if (list) list.push(row);
    else found.set(task, [row]);
  }
  return found;
}
