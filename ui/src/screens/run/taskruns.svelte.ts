import { untrack } from "svelte";
import { ApiError, ask } from "../../data/ask";
import { Columns, topological, type EdgeShape, type TaskRunRow, type TaskShape } from "../../data/columns";
import { events } from "../../data/events.svelte";
import { session } from "../../data/session.svelte";
import { RunShape, RunTaskEvents, RunTaskRuns, type RunShapeQuery } from "../../operations/run.gen";

export type Task = RunShapeQuery["task"][number] & TaskShape;
export type Edge = RunShapeQuery["edge"][number] & EdgeShape;

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
  /** When the newest state of a task run was entered; null before they are read. */
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
      this.since = newest(runs.task_run);
      this.error = null;
    } catch (error) {
      this.error = error instanceof ApiError ? error : new ApiError(String(error), "ERROR");
    }
  }

  /** Write what was told of some task runs. */
  take(told: readonly (Omit<TaskRunRow, "state_timestamp"> & { timestamp: string })[]): void {
    if (!this.columns || told.length === 0) return;
    this.columns.patch(told.map((one) => ({ ...one, state_timestamp: one.timestamp })));
    this.version = this.columns.version;
    this.total = Math.max(this.total ?? 0, this.columns.length);
  }
}

function newest(rows: readonly { state_timestamp: string | null }[]): string {
  let last = "";
  for (const row of rows) if (row.state_timestamp !== null && row.state_timestamp > last) last = row.state_timestamp;
  return last || "0001-01-01T00:00:00+00:00";
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
  // The flow's id, not the head that it comes from: that one changes with every state.
  const wanted = $derived(flow());
  const turned = $derived(`${turn()} ${session.turn}`);
  $effect(() => {
    const id = wanted;
    void turned;
    if (id !== null) untrack(() => void runs.read(id));
  });
  events<Parameters<TaskRuns["take"]>[0][number]>(
    RunTaskEvents,
    () => (alive() && runs.since !== null ? { id: flowRun, since: runs.since } : null),
    (told) => runs.take(told),
  );
  return runs;
}
