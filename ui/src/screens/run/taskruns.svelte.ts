import { untrack } from "svelte";
import { ApiError, ask } from "../../data/ask";
import { Columns, topological, type EdgeShape, type TaskShape } from "../../data/columns";
import { followed } from "../../data/live.svelte";
import { RunShape, RunTaskRuns, RunTaskRunsChanged, type RunShapeQuery } from "../../operations/run.gen";

export type Task = RunShapeQuery["task"][number] & TaskShape;
export type Edge = RunShapeQuery["edge"][number] & EdgeShape;

/** An earlier transaction may be seen later than a newer one: so much is asked again. */
const MARGIN_MS = 10_000;
/** After so many changes or so long a subscription begins at a newer time, so that its answers stay small. */
const MOST_CHANGES = 200;
/** So many runs keep their columns, so that Back is drawn at once. */
const KEPT = 3;

const kept = new Map<string, TaskRuns>();

/** The task runs of one run: read once, then told what changed. */
export class TaskRuns {
  tasks = $state.raw<readonly Task[]>([]);
  edges = $state.raw<readonly Edge[]>([]);
  columns = $state.raw<Columns | null>(null);
  /** Moves on with every change of `columns`. */
  version = $state(0);
  /** How many there are, before all of them are read. */
  total = $state<number | null>(null);
  error = $state.raw<ApiError | null>(null);
  since = $state<string | null>(null);

  constructor(readonly flowRun: string) {}

  async read(flow: string): Promise<void> {
    try {
      const [shape, runs] = await Promise.all([
        this.tasks.length ? null : ask(RunShape, { flow }),
        ask(RunTaskRuns, { id: this.flowRun }),
      ]);
      if (shape) {
        this.tasks = topological(shape.task, shape.edge);
        this.edges = shape.edge;
      }
      const columns = this.columns ?? new Columns(this.tasks);
      columns.patch(runs.task_run);
      this.columns = columns;
      this.version = columns.version;
      const sums = runs.task_run_aggregate.aggregate;
      this.total = sums?.count ?? null;
      const newest = sums?.max?.updated ? Date.parse(sums.max.updated) : 0;
      this.since = new Date(newest - (newest ? MARGIN_MS : 0)).toISOString();
      this.error = null;
    } catch (error) {
      this.error = error instanceof ApiError ? error : new ApiError(String(error), "ERROR");
    }
  }

  /** Write what changed; moves `since` on when the answer grew long. */
  take(changed: readonly (Parameters<Columns["patch"]>[0][number] & { updated: string })[]): void {
    if (!this.columns) return;
    this.columns.patch(changed);
    this.version = this.columns.version;
    this.total = Math.max(this.total ?? 0, this.columns.length);
    const last = changed.at(-1);
    if (changed.length < MOST_CHANGES || !last) return;
    const next = changed.length >= 500 ? Date.parse(last.updated) : Date.parse(last.updated) - MARGIN_MS;
    const since = new Date(next).toISOString();
    if (since > (this.since ?? "")) this.since = since;
  }
}

/** Read and follow the task runs of a run, as long as the component lives. `turn` changes when all is to be read anew. */
export function taskRunsOf(
  flowRun: string,
  flow: () => string | null,
  alive: () => boolean,
  turn: () => number,
): TaskRuns {
  const runs = kept.get(flowRun) ?? new TaskRuns(flowRun);
  kept.delete(flowRun);
  kept.set(flowRun, runs);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
  $effect(() => {
    const id = flow();
    void turn();
    if (id !== null) untrack(() => void runs.read(id));
  });
  const changed = followed(RunTaskRunsChanged, () =>
    alive() && runs.since !== null ? { id: flowRun, since: runs.since } : null,
  );
  $effect(() => {
    const rows = changed.value?.task_run;
    if (rows) untrack(() => runs.take(rows));
  });
  return runs;
}
