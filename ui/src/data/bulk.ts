import type { Doc } from "./doc";
import {
  CancelMany,
  DeleteMany,
  RestartSome,
  RunIds,
  RunsNamed,
  SetMany,
  type Flow_Run_Bool_Exp,
  type RunsNamedQuery,
} from "../operations/runs.gen";

/** A run as it is named in a list of examples or refusals. */
export type Named = RunsNamedQuery["flow_run"][number];

export type Restart = { kind: "restart"; from: "FAILED" | "START"; parameters: Record<string, unknown> | null };
export type Deed =
  { kind: "cancel" } | { kind: "delete" } | { kind: "state"; state: string; message: string } | Restart;

/** A set of runs as it was at one moment: nothing that came or changed later is part of it. */
export interface Frozen {
  /** The condition, with the moment in it. */
  where: Flow_Run_Bool_Exp;
  /** ISO, in the server's time. */
  moment: string;
  count: number;
  /** The commonest first. */
  states: [string, number][];
  examples: Named[];
  /** All of them, for a deed that the server does by ids. */
  ids: string[] | null;
}

export interface Refusal {
  id: string;
  reason: string;
}

export interface Progress {
  /** Runs that the deed was done to. */
  changed: string[];
  refused: Refusal[];
  total: number;
  /** Where to go on: of the server, or a place in the list of ids; null when all was tried. */
  next: string | null;
  /** Why it ended before all was tried: stopped by a person, or what the server (or its absence) said. */
  ended: "" | "stopped" | string;
}

/** `ask` of ask.ts, or what stands in for it. */
type Asking = <Answer, Variables>(doc: Doc<Answer, Variables>, variables: Variables) => Promise<Answer>;

const PAGE = 500;
/** Runs that the server changes for one question: small enough that progress is seen and a stop is heard. */
export const PART = 200;
/** Runs that are restarted by one question, and so in one transaction. */
export const BATCH = 50;
/** Above this a person types the number. */
export const TYPED_ABOVE = 100;
/** So many restarts are tried out before they are done. */
export const TRIED_FIRST = 1_000;
const EXAMPLES = 5;

/** Freeze, count and sample what matches now. `told` hears how many ids were read, if they are. */
export async function freeze(
  ask: Asking,
  where: Flow_Run_Bool_Exp,
  kind: Deed["kind"],
  told: (count: number) => void = () => {},
  signal?: AbortSignal,
): Promise<Frozen> {
  // A trial run of any of the three counts; that of a cancellation needs nothing else.
  const counted = (await ask(CancelMany, { input: { where, dry_run: true } })).cancel_flow_runs;
  if (!counted) throw new Error("The server did not count them.");
  const moment = counted.created_before;
  // A run that has changed since is not the one that was shown.
  const still: Flow_Run_Bool_Exp = { _and: [where, { updated: { _lte: moment } }] };
  const states = Object.entries((counted.states ?? {}) as Record<string, number>).sort((a, b) => b[1] - a[1]);
  const few = ((counted.examples ?? []) as { id: string }[]).slice(0, EXAMPLES).map((run) => run.id);
  const examples = few.length ? (await ask(RunsNamed, { ids: few })).flow_run : [];
  const set = { where: still, moment, count: counted.count ?? 0, states, examples };
  if (kind !== "restart") return { ...set, ids: null };
  const ids = await idsOf(ask, { _and: [still, { created: { _lte: moment } }] }, told, signal);
  return { ...set, count: ids.length, ids };
}

/** Read ids by key, so that none is read twice or missed while others come and go. */
async function idsOf(
  ask: Asking,
  where: Flow_Run_Bool_Exp,
  told: (count: number) => void,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    if (signal?.aborted) throw signal.reason;
    const last = all.at(-1);
    const page = await ask(RunIds, {
      where: last ? { _and: [where, { id: { _gt: last } }] } : where,
      limit: PAGE,
    });
    all.push(...page.flow_run.map((run) => run.id));
    told(all.length);
    if (page.flow_run.length < PAGE) return all;
  }
}

/** What a restart would do, as far as it was tried out. */
export interface Trial {
  tried: number;
  restarted: number;
  taskRuns: number;
  refused: Refusal[];
}

/** Try out a restart without doing it, for the first runs of the set. */
export async function tryOut(
  ask: Asking,
  ids: readonly string[],
  deed: Restart,
  told: (trial: Trial) => void,
  signal: AbortSignal,
): Promise<Trial> {
  const trial: Trial = { tried: 0, restarted: 0, taskRuns: 0, refused: [] };
  const first = ids.slice(0, TRIED_FIRST);
  for (let at = 0; at < first.length; at += BATCH) {
    if (signal.aborted) throw signal.reason;
    const batch = first.slice(at, at + BATCH);
    const answers = await restarted(ask, batch, deed, true);
    for (const one of answers.values()) {
      if (one.restarted) trial.restarted += 1;
      if (one.restarted) trial.taskRuns += one.task_runs;
    }
    trial.refused.push(...refusalsOf(batch, answers));
    trial.tried += batch.length;
    told({ ...trial, refused: [...trial.refused] });
  }
  return trial;
}

/** Do the deed to the set, part after part, from `before.next` on; `told` hears after every part.
 *
 * A refusal stops nothing; a person and a fault do, and `next` of what is given says where to go on: what was done
 * without an answer is not done twice, since it has changed by then.
 */
export async function work(
  ask: Asking,
  set: Frozen,
  deed: Deed,
  told: (progress: Progress) => void,
  signal: AbortSignal,
  before: Progress | null = null,
): Promise<Progress> {
  let progress: Progress = before
    ? { ...before, ended: "" }
    : { changed: [], refused: [], total: set.count, next: "", ended: "" };
  while (progress.next !== null) {
    if (signal.aborted) return { ...progress, ended: "stopped" };
    try {
      const part = await (deed.kind === "restart" ? restartPart : partOf)(ask, set, deed as never, progress.next);
      progress = {
        ...progress,
        changed: [...progress.changed, ...part.changed],
        refused: [...progress.refused, ...part.refused],
        next: part.next,
      };
    } catch (error) {
      return { ...progress, ended: error instanceof Error ? error.message : String(error) };
    }
    told(progress);
  }
  return progress;
}

/** How many runs of the set were tried. */
export const triedOf = (progress: Progress): number => progress.changed.length + progress.refused.length;

interface Part {
  changed: string[];
  refused: Refusal[];
  next: string | null;
}

async function partOf(ask: Asking, set: Frozen, deed: Exclude<Deed, Restart>, next: string): Promise<Part> {
  const input = { where: set.where, created_before: set.moment, limit: PART, after: next || null };
  const answer = await (async () => {
    if (deed.kind === "cancel") return (await ask(CancelMany, { input })).cancel_flow_runs;
    if (deed.kind === "delete") return (await ask(DeleteMany, { input })).delete_flow_runs;
    const state = { type: deed.state, message: deed.message || `Marked ${deed.state} from the web UI` };
    return (await ask(SetMany, { input: { ...input, state } })).set_flow_runs_state;
  })();
  if (!answer) throw new Error("The server did not answer.");
  const refused = answer.refused.map((one) => ({ id: one.flow_run_id, reason: one.reason }));
  return { changed: answer.changed, refused, next: answer.has_more ? answer.cursor : null };
}

async function restartPart(ask: Asking, set: Frozen, deed: Restart, next: string): Promise<Part> {
  const at = Number(next) || 0;
  const ids = set.ids ?? [];
  const batch = ids.slice(at, at + BATCH);
  const answers = batch.length ? await restarted(ask, batch, deed, false) : new Map<string, Answered>();
  const end = at + batch.length;
  return {
    changed: batch.filter((id) => answers.get(id)?.restarted),
    refused: refusalsOf(batch, answers),
    next: end < ids.length ? String(end) : null,
  };
}

interface Answered {
  restarted: boolean;
  task_runs: number;
  reason: string | null;
}

async function restarted(ask: Asking, ids: string[], deed: Restart, dry: boolean): Promise<Map<string, Answered>> {
  const { from, parameters } = deed;
  const answer = await ask(RestartSome, { ids, from, parameters, message: "Restarted from the web UI", dry });
  return new Map(answer.restart_flow_runs?.flow_runs.map((run) => [run.flow_run_id, run]));
}

function refusalsOf(ids: readonly string[], answers: Map<string, Answered>): Refusal[] {
  return ids
    .filter((id) => !answers.get(id)?.restarted)
    .map((id) => ({ id, reason: answers.get(id)?.reason ?? "There is no such run any more." }));
}

/** The refusals by their reasons, the commonest first. */
export function byReason(refused: readonly Refusal[]): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const one of refused) groups.set(one.reason, [...(groups.get(one.reason) ?? []), one.id]);
  return [...groups].sort((a, b) => b[1].length - a[1].length);
}
