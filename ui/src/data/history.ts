import type { RunHistoryQuery } from "../operations/home.gen";
import { family } from "../words/states";

/** How many runs of a time ended how; `other` are those that wait, run or ended in another way. */
export interface Bar {
  from: number;
  to: number;
  done: number;
  failed: number;
  cancelled: number;
  other: number;
}

/** Give a time of so many pieces that begin at round times, the last of which holds `now`: from and to. */
export function span(now: number, count: number, size: number): [number, number] {
  const end = Math.floor(now / size) * size + size;
  return [end - count * size, end];
}

/** Choose pieces of a round length, so that there are at most `most` of them. */
export function pieceOf(length: number, most = 60): number {
  const MINUTE = 60_000;
  const round = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080, 43_200].map((one) => one * MINUTE);
  return round.find((one) => length / one <= most) ?? Math.ceil(length / most / MINUTE) * MINUTE;
}

type Bucket = NonNullable<RunHistoryQuery["flow_run_history"]>["buckets"][number];

/** Read what the API counted by state; a piece without runs may be left out of its answer. */
export function barsOf(buckets: readonly Bucket[], from: number, to: number, size: number): Bar[] {
  const known = new Map(buckets.map((one) => [Date.parse(one.time), one]));
  return Array.from({ length: Math.round((to - from) / size) }, (_, index) => {
    const start = from + index * size;
    const bar: Bar = { from: start, to: start + size, done: 0, failed: 0, cancelled: 0, other: 0 };
    for (const [state, count] of Object.entries((known.get(start)?.counts ?? {}) as Record<string, number>)) {
      const kind = family(state);
      const name =
        kind === "success" ? "done" : kind === "failed" ? "failed" : kind === "ended" ? "cancelled" : "other";
      bar[name] += count;
    }
    return bar;
  });
}

/** Add all pieces. */
export function sumOf(bars: readonly Bar[]): Omit<Bar, "from" | "to"> {
  const sum = { done: 0, failed: 0, cancelled: 0, other: 0 };
  for (const bar of bars) for (const name of ["done", "failed", "cancelled", "other"] as const) sum[name] += bar[name];
  return sum;
}
