import type { Doc } from "./doc";
import {
  CancelOne,
  DeleteOne,
  RestartSome,
  RunIds,
  SetOne,
  type Flow_Run_Bool_Exp,
  type RunIdsQuery,
} from "../operations/runs.gen";

/** A run of a frozen set, as it was when the set was frozen. */
export type Frozen = RunIdsQuery["flow_run"][number];

export type Deed =
  | { kind: "cancel" }
  | { kind: "delete" }
  | { kind: "state"; state: string; message: string }
  | { kind: "restart"; from: "FAILED" | "START"; parameters: Record<string, unknown> | null };

export interface Refusal {
  run: Frozen;
  reason: string;
}

export interface Progress {
  done: number;
  total: number;
  refused: Refusal[];
  /** Set when the server was gone, or a person stopped: those that were not tried. */
  left: Frozen[];
}

/** `ask` of ask.ts, or what stands in for it. */
type Asking = <Answer, Variables>(doc: Doc<Answer, Variables>, variables: Variables) => Promise<Answer>;

const PAGE = 500;
/** So many runs travel in one request, each as an operation of its own: one refusal is not all of them. */
export const BATCH = 25;
/** Above this a person types the number. */
export const TYPED_ABOVE = 100;

/** Read which runs match now, by key, so that none is read twice or missed while others come and go.
 *
 * Runs created after `now` are no part of it. `told` hears how many were read so far.
 */
export async function freeze(
  ask: Asking,
  where: Flow_Run_Bool_Exp,
  now: number,
  told: (count: number) => void = () => {},
  signal?: AbortSignal,
): Promise<Frozen[]> {
  const until: Flow_Run_Bool_Exp = { created: { _lte: new Date(now).toISOString() } };
  const all: Frozen[] = [];
  let last: string | undefined;
  for (;;) {
    if (signal?.aborted) throw signal.reason;
    const page = await ask(RunIds, {
      where: { _and: [where, until, ...(last ? [{ id: { _gt: last } }] : [])] },
      limit: PAGE,
    });
    all.push(...page.flow_run);
    told(all.length);
    if (page.flow_run.length < PAGE) return all;
    last = page.flow_run.at(-1)?.id ?? last;
  }
}

/** Count the states of a set, the commonest first. */
export function statesOf(runs: readonly Frozen[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const run of runs) counts.set(run.state ?? "No state", (counts.get(run.state ?? "No state") ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** Give up to five runs from all over the set, as examples. */
export function examplesOf(runs: readonly Frozen[], most = 5): Frozen[] {
  const step = Math.max(1, runs.length / most);
  return Array.from({ length: Math.min(most, runs.length) }, (_, index) => runs[Math.floor(index * step)] as Frozen);
}

/** Do the deed to each run, in batches; `told` hears after every batch. A refusal stops nothing. */
export async function work(
  ask: Asking,
  runs: readonly Frozen[],
  deed: Deed,
  told: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Progress> {
  const progress: Progress = { done: 0, total: runs.length, refused: [], left: [] };
  for (let at = 0; at < runs.length; at += BATCH) {
    const batch = runs.slice(at, at + BATCH);
    if (signal.aborted) {
      progress.left = runs.slice(at);
      break;
    }
    const refusals = deed.kind === "restart" ? await restartAll(batch, deed, ask) : await eachOf(batch, deed, ask);
    const gone = refusals.filter((one) => one?.code === "NETWORK" || one?.code === "UNAVAILABLE").length;
    if (gone === batch.length) {
      // Nobody answered: going on would only name every other run too.
      progress.left = runs.slice(at);
      told({ ...progress });
      break;
    }
    refusals.forEach((one, index) => {
      if (one) progress.refused.push({ run: batch[index] as Frozen, reason: one.reason });
    });
    progress.done += batch.length;
    told({ ...progress, refused: [...progress.refused] });
  }
  return progress;
}

interface Said {
  reason: string;
  code: string;
}

function saidOf(error: unknown): Said {
  const code = (error as { code?: string }).code ?? "ERROR";
  return { reason: error instanceof Error ? error.message : String(error), code };
}

async function eachOf(batch: readonly Frozen[], deed: Deed, ask: Asking): Promise<(Said | null)[]> {
  // Asked in one tick, so that they travel in one request.
  return Promise.all(batch.map((run) => one(run, deed, ask).catch(saidOf)));
}

async function one(run: Frozen, deed: Deed, ask: Asking): Promise<Said | null> {
  if (deed.kind === "cancel") {
    const state = (await ask(CancelOne, { id: run.id })).cancel_flow_run?.state;
    return state === "Cancelled" || state === "Cancelling"
      ? null
      : { reason: `It is ${state ?? "gone"} and was left as it is.`, code: "REFUSED" };
  }
  if (deed.kind === "delete") {
    const gone = (await ask(DeleteOne, { id: run.id })).delete_flow_run;
    return gone?.success ? null : { reason: gone?.error ?? "There is no such run any more.", code: "REFUSED" };
  }
  if (deed.kind === "state") {
    const state = { type: deed.state, message: deed.message || `Marked ${deed.state} from the web UI` };
    const told = (await ask(SetOne, { states: [{ flow_run_id: run.id, state }] })).set_flow_run_states?.states?.[0];
    return told?.status === "SUCCESS" || told?.status === "QUEUED"
      ? null
      : { reason: told?.message ?? "The change was refused.", code: "REFUSED" };
  }
  throw new Error("A restart is asked for many at once");
}

async function restartAll(
  batch: readonly Frozen[],
  deed: Extract<Deed, { kind: "restart" }>,
  ask: Asking,
): Promise<(Said | null)[]> {
  const { from, parameters } = deed;
  const asked = (ids: string[]) =>
    ask(RestartSome, { ids, from, parameters, message: "Restarted from the web UI", dry: false });
  try {
    const answer = await asked(batch.map((run) => run.id));
    const told = new Map(answer.restart_flow_runs?.flow_runs.map((run) => [run.flow_run_id, run]));
    return batch.map((run) => {
      const said = told.get(run.id);
      return said?.restarted ? null : { reason: said?.reason ?? "There is no such run any more.", code: "REFUSED" };
    });
  } catch (error) {
    return batch.map(() => saidOf(error));
  }
}
