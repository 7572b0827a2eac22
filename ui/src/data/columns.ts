import { STATES as NAMES } from "../words/states";

/** The states by their number in `Columns.state`; 0 is none, or one that this page does not know. */
export const STATES: readonly string[] = ["", ...NAMES];

const CODES = new Map(STATES.map((name, code) => [name, code]));

/** Give a state's number; 0 for none. */
export function codeOf(state: string | null | undefined): number {
  return CODES.get(state ?? "") ?? 0;
}

/** A task of the flow, as far as a run's page needs it. */
export interface TaskShape {
  id: string;
  name: string | null;
  slug: string | null;
  type: string | null;
  mapped: boolean;
}

export interface EdgeShape {
  upstream_task_id: string;
  downstream_task_id: string;
}

/** A task run as the API gives it. */
export interface TaskRunRow {
  id: string;
  task_id: string;
  map_index: number;
  name: string | null;
  state: string | null;
  start_time: string | null;
  end_time: string | null;
  state_timestamp: string | null;
  version: number;
}

/** Order tasks so that each stands behind what it waits for; those of one rank by their name. Whatever lies on a
 * circle comes last. */
export function topological<Task extends TaskShape>(tasks: readonly Task[], edges: readonly EdgeShape[]): Task[] {
  const down = new Map<string, string[]>();
  const open = new Map(tasks.map((task) => [task.id, 0]));
  for (const { upstream_task_id: up, downstream_task_id: to } of edges) {
    if (!open.has(up) || !open.has(to)) continue;
    const list = down.get(up);
    if (list) list.push(to);
    else down.set(up, [to]);
    open.set(to, (open.get(to) ?? 0) + 1);
  }
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const byName = (a: Task, b: Task) => {
    const [left, right] = [a.slug ?? a.name ?? a.id, b.slug ?? b.name ?? b.id];
    return left < right ? -1 : left > right ? 1 : 0;
  };
  let rank = tasks.filter((task) => open.get(task.id) === 0).sort(byName);
  const done: Task[] = [];
  while (rank.length > 0) {
    const next: Task[] = [];
    for (const task of rank) {
      done.push(task);
      open.delete(task.id);
      for (const id of down.get(task.id) ?? []) {
        const left = (open.get(id) ?? 0) - 1;
        open.set(id, left);
        const found = byId.get(id);
        if (left === 0 && found) next.push(found);
      }
    }
    rank = next.sort(byName);
  }
  return [...done, ...tasks.filter((task) => open.has(task.id)).sort(byName)];
}

/** The task runs of one run as columns: a plain class, so that 10,000 of them are read in some milliseconds.
 *
 * Every change raises `version` and writes it into `stamp` of the rows that changed. Rows are never taken out, so a
 * row's number stays; times are milliseconds since the epoch, NaN for none.
 */
export class Columns {
  start = new Float64Array(0);
  end = new Float64Array(0);
  /** When the present state was entered. */
  since = new Float64Array(0);
  /** A number of `STATES`. */
  state = new Uint8Array(0);
  /** A number of `tasks`. */
  task = new Uint16Array(0);
  /** The child's index, -1 for what is not mapped and for the parent of children. */
  map = new Int32Array(0);
  /** How many states a task run has had. */
  states = new Uint32Array(0);
  /** The `version` of the last change. */
  stamp = new Uint32Array(0);
  readonly id: string[] = [];
  /** The API's names, for the few task runs that have one. */
  readonly named = new Map<number, string>();
  readonly index = new Map<string, number>();
  /** Task runs by state, mapped parents left out when they have children here. */
  readonly counts = new Uint32Array(STATES.length);
  version = 0;
  readonly #byTask: Uint32Array;
  readonly #tasks: Map<string, number>;
  readonly #parents: Int32Array;
  readonly #children: Uint32Array;

  /** `tasks` in the order in which they shall be shown. */
  constructor(readonly tasks: readonly TaskShape[]) {
    this.#tasks = new Map(tasks.map((task, index) => [task.id, index]));
    this.#byTask = new Uint32Array(tasks.length * STATES.length);
    this.#parents = new Int32Array(tasks.length).fill(-1);
    this.#children = new Uint32Array(tasks.length);
  }

  get length(): number {
    return this.id.length;
  }

  /** The row of a task itself, for a mapped one its parent; -1 for none. */
  parentOf(task: number): number {
    return this.#parents[task] ?? -1;
  }

  /** How many mapped children a task has here. */
  childrenOf(task: number): number {
    return this.#children[task] ?? 0;
  }

  /** Task runs of one task by state: its children where it has some, else itself. A view, not to be written. */
  countsOf(task: number): Uint32Array {
    return this.#byTask.subarray(task * STATES.length, (task + 1) * STATES.length);
  }

  /** "clean[4031]", as the API says it or as it is made up. */
  nameOf(row: number): string {
    const named = this.named.get(row);
    if (named) return named;
    const task = this.tasks[this.task[row] ?? 0];
    const name = task?.name ?? task?.slug ?? "task";
    const child = this.map[row] ?? -1;
    return child < 0 ? name : `${name}[${child}]`;
  }

  /** Write rows, new ones and changed ones; older versions than what is here are left aside. Gives how many changed. */
  patch(rows: readonly TaskRunRow[]): number {
    let changed = 0;
    const stamp = this.version + 1;
    for (const one of rows) {
      const task = this.#tasks.get(one.task_id);
      if (task === undefined) continue;
      let row = this.index.get(one.id);
      if (row === undefined) row = this.#add(one, task);
      else if (one.version < (this.states[row] ?? 0)) continue;
      else this.#count(row, -1);
      this.start[row] = time(one.start_time);
      this.end[row] = time(one.end_time);
      this.since[row] = time(one.state_timestamp);
      this.state[row] = codeOf(one.state);
      this.states[row] = one.version;
      this.stamp[row] = stamp;
      if (one.name) this.named.set(row, one.name);
      this.#count(row, 1);
      changed += 1;
    }
    if (changed > 0) this.version = stamp;
    return changed;
  }

  #add(one: TaskRunRow, task: number): number {
    const row = this.id.length;
    if (row === this.start.length) this.#grow(Math.max(64, row * 2));
    this.id.push(one.id);
    this.index.set(one.id, row);
    this.task[row] = task;
    this.map[row] = one.map_index;
    if (one.map_index < 0) {
      this.#parents[task] = row;
    } else {
      // With its first child a parent is no longer counted for itself.
      const parent = this.parentOf(task);
      if (this.#children[task] === 0 && parent >= 0) this.#add1(task, this.state[parent] ?? 0, -1);
      this.#children[task] = (this.#children[task] ?? 0) + 1;
    }
    return row;
  }

  #count(row: number, by: number): void {
    const task = this.task[row] ?? 0;
    if ((this.map[row] ?? -1) < 0 && this.childrenOf(task) > 0) return;
    this.#add1(task, this.state[row] ?? 0, by);
  }

  #add1(task: number, state: number, by: number): void {
    const at = task * STATES.length + state;
    this.#byTask[at] = (this.#byTask[at] ?? 0) + by;
    this.counts[state] = (this.counts[state] ?? 0) + by;
  }

  #grow(size: number): void {
    const wider = <Kind extends Float64Array | Uint8Array | Uint16Array | Int32Array | Uint32Array>(
      column: Kind,
      made: Kind,
    ): Kind => {
      made.set(column);
      return made;
    };
    this.start = wider(this.start, new Float64Array(size));
    this.end = wider(this.end, new Float64Array(size));
    this.since = wider(this.since, new Float64Array(size));
    this.state = wider(this.state, new Uint8Array(size));
    this.task = wider(this.task, new Uint16Array(size));
    this.map = wider(this.map, new Int32Array(size));
    this.states = wider(this.states, new Uint32Array(size));
    this.stamp = wider(this.stamp, new Uint32Array(size));
  }
}

function time(value: string | null): number {
  return value === null ? Number.NaN : Date.parse(value);
}
