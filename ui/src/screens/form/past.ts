/** What former runs tell of the next. */

export interface PastRun {
  state: string | null;
  start_time: string | null;
  end_time: string | null;
}

/** The middle one; of an even number the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** How long runs took and how many failed; null when none has both times. */
export function usually(runs: readonly PastRun[]): { median: number; count: number; failed: number } | null {
  const lengths = runs
    .filter((one) => one.start_time && one.end_time && one.state !== "Cancelled")
    .map((one) => Date.parse(one.end_time as string) - Date.parse(one.start_time as string));
  if (lengths.length === 0) return null;
  const failed = runs.filter((one) => one.state === "Failed").length;
  return { median: median(lengths), count: lengths.length, failed };
}
