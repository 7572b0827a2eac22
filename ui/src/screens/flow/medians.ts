import { duration } from "../../words/duration";
import { median } from "../form/past";

export interface TaskTime {
  task_id: string;
  map_index: number;
  start_time: string | null;
  end_time: string | null;
}

/** How long a task usually takes. */
export interface Usual {
  /** Milliseconds. */
  median: number;
  /** Of so many task runs. */
  count: number;
  /** Whether these are children of a mapped task, each for itself. */
  each: boolean;
}

/** Of so many runs the tasks are looked at, so that no more than some thousand task runs are read. */
export const runsFor = (tasks: number): number => Math.max(1, Math.min(10, Math.floor(10_000 / Math.max(1, tasks))));

/** The median of each task, by its id; of a mapped one, that of its children. */
export function usualTimes(times: readonly TaskTime[]): Map<string, Usual> {
  const lengths = new Map<string, number[]>();
  const mapped = new Set(times.filter((one) => one.map_index >= 0).map((one) => one.task_id));
  for (const one of times) {
    // The parent of children only waits for them.
    if (!one.start_time || !one.end_time || (mapped.has(one.task_id) && one.map_index < 0)) continue;
    const all = lengths.get(one.task_id) ?? [];
    all.push(Math.max(0, Date.parse(one.end_time) - Date.parse(one.start_time)));
    lengths.set(one.task_id, all);
  }
  return new Map(
    [...lengths].map(([id, all]) => [id, { median: median(all), count: all.length, each: mapped.has(id) }]),
  );
}

/** "4.2 s", "4.2 s each". */
export const usualText = (usual: Usual): string => `${duration(usual.median)}${usual.each ? " each" : ""}`;
