import type { Doc } from "./doc";
import { HourCounts, type HourCountsQuery, type HourCountsQueryVariables } from "../operations/home.gen";

/** How many runs of a time ended how; `other` are those that wait, run or ended in another way. */
export interface Bar {
  from: number;
  to: number;
  done: number;
  failed: number;
  cancelled: number;
  other: number;
}

type Where = HourCountsQueryVariables["all"];
type Asking = (
  doc: Doc<HourCountsQuery, HourCountsQueryVariables>,
  variables: HourCountsQueryVariables,
) => Promise<HourCountsQuery>;

/** Cut a time into pieces that begin at round times, the last of which holds `now`. */
export function pieces(now: number, count: number, size: number): [number, number][] {
  const end = Math.floor(now / size) * size + size;
  return Array.from({ length: count }, (_, index) => [end - (count - index) * size, end - (count - index - 1) * size]);
}

/** Count the runs that were planned for each piece of time; all questions travel in one request. */
export async function historyOf(ask: Asking, where: Where, times: readonly [number, number][]): Promise<Bar[]> {
  return Promise.all(
    times.map(async ([from, to]) => {
      const inside: Where = {
        _and: [
          where,
          { scheduled_start_time: { _gte: new Date(from).toISOString(), _lt: new Date(to).toISOString() } },
        ],
      };
      const of = (states: string[]): Where => ({ _and: [inside, { state: { _in: states } }] });
      const answer = await ask(HourCounts, {
        done: of(["Success", "Cached", "Skipped", "Finished"]),
        failed: of(["Failed", "TimedOut", "TriggerFailed"]),
        cancelled: of(["Cancelled", "Cancelling"]),
        all: inside,
      });
      const [done, failed, cancelled, all] = [answer.done, answer.failed, answer.cancelled, answer.all].map(
        (one) => one.aggregate?.count ?? 0,
      ) as [number, number, number, number];
      return { from, to, done, failed, cancelled, other: Math.max(0, all - done - failed - cancelled) };
    }),
  );
}

/** Add all pieces. */
export function sumOf(bars: readonly Bar[]): Omit<Bar, "from" | "to"> {
  const sum = { done: 0, failed: 0, cancelled: 0, other: 0 };
  for (const bar of bars) for (const name of ["done", "failed", "cancelled", "other"] as const) sum[name] += bar[name];
  return sum;
}
