/** Two runs of tasks side by side, matched by slug. */
export interface TaskRow {
  id: string;
  state: string | null;
  start_time: string | null;
  end_time: string | null;
  task: { slug: string | null; name: string | null; mapped: boolean };
}

/** One task run, measured from the start of its flow run, in milliseconds. */
export interface Span {
  id: string;
  state: string | null;
  /** NaN: it did not begin. */
  from: number;
  length: number;
  mapped: boolean;
}

export interface Pair {
  slug: string;
  name: string;
  a: Span | null;
  b: Span | null;
  /** How much longer it took in A; NaN when it ran in one alone. */
  apart: number;
  differs: boolean;
}

/** The first and last instant of a run by its tasks, and by its own times where it has them. */
export function zeroOf(run: { start_time: string | null }, rows: readonly TaskRow[]): number {
  const starts = rows.map((one) => Date.parse(one.start_time ?? "")).filter((one) => !Number.isNaN(one));
  const own = Date.parse(run.start_time ?? "");
  return Number.isNaN(own) ? (starts.length ? Math.min(...starts) : Number.NaN) : own;
}

function span(row: TaskRow | undefined, zero: number, now: number): Span | null {
  if (!row) return null;
  const from = Date.parse(row.start_time ?? "");
  const to = row.end_time ? Date.parse(row.end_time) : now;
  return {
    id: row.id,
    state: row.state,
    from: from - zero,
    length: Number.isNaN(from) ? 0 : Math.max(0, to - from),
    mapped: row.task.mapped,
  };
}

/** Match the tasks of two runs; the largest difference comes first, then what ran in one alone. */
export function pairs(a: readonly TaskRow[], b: readonly TaskRow[], zeroA: number, zeroB: number, now: number): Pair[] {
  const slugOf = (one: TaskRow) => one.task.slug ?? one.task.name ?? one.id;
  const first = new Map(a.map((one) => [slugOf(one), one]));
  const second = new Map(b.map((one) => [slugOf(one), one]));
  const all = [...new Set([...first.keys(), ...second.keys()])].map((slug): Pair => {
    const [one, other] = [first.get(slug), second.get(slug)];
    const left = span(one, zeroA, now);
    const right = span(other, zeroB, now);
    const apart = left && right ? left.length - right.length : Number.NaN;
    const least = Math.max(1_000, 0.1 * Math.max(left?.length ?? 0, right?.length ?? 0));
    return {
      slug,
      name: one?.task.name ?? other?.task.name ?? slug,
      a: left,
      b: right,
      apart,
      differs: left === null || right === null || left.state !== right.state || Math.abs(apart) >= least,
    };
  });
  const weight = (one: Pair) => (Number.isNaN(one.apart) ? -1 : Math.abs(one.apart));
  return all.sort((one, other) => weight(other) - weight(one) || one.name.localeCompare(other.name));
}

/** "+3 min 34 s" or "−20 s"; nothing when they are as good as the same. */
export function signed(apart: number, words: (milliseconds: number) => string): string {
  if (Number.isNaN(apart) || Math.abs(apart) < 100) return "";
  return `${apart > 0 ? "+" : "−"}${words(Math.abs(apart))}`;
}
