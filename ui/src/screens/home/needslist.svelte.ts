import { untrack } from "svelte";
import { clock } from "../../data/clock.svelte";
import { LATE_MS } from "../../data/filters";
import { drop, keep, LONGEST_KEPT_NAME } from "../../data/kept";
import { asked } from "../../data/live.svelte";
import {
  FailureReasons,
  HomeAgents,
  HomeFailures,
  HomeLate,
  HomePaused,
  HomeTrouble,
  HomeUnread,
  NewestEnded,
  WhyNot,
} from "../../operations/home.gen";
import { KeptDocuments } from "../../operations/kept.gen";
import { count } from "../../words/duration";
import {
  failing,
  lateOnes,
  leave,
  leftByAll,
  NOT_NOW_MS,
  notNow,
  silent,
  troubles,
  unleave,
  unleaveOne,
  type Need,
} from "./needs";

interface Wanted {
  period: "24h" | "7d";
  project: string | null;
}

const SEEN = "seen";
const SEEN_MS = 20_000;

/** What was left for later, by anybody of the tenant or, where the server refuses, in this browser; and what Home counts
 * while it shows everything, null while it does not. */
class Attention {
  #here = $state.raw(notNow(Date.now()));
  #shared = $state.raw<Record<string, number>>({});
  #offered = false;
  shown = $state<number | null>(null);

  get left(): Record<string, number> {
    return { ...this.#here, ...this.#shared };
  }

  /** Take what the server keeps; what only this browser knew is told to it, once. */
  take(shared: Record<string, number>): void {
    this.#shared = shared;
    if (this.#offered) return;
    this.#offered = true;
    for (const [key, until] of Object.entries(this.#here)) if (!(key in shared)) void this.#tell(key, until);
  }

  leave(key: string): void {
    const until = clock.exact() + NOT_NOW_MS;
    this.#shared = { ...this.#shared, [key]: until };
    void this.#tell(key, until);
  }

  async #tell(key: string, until: number): Promise<void> {
    try {
      if (key.length > LONGEST_KEPT_NAME) throw new Error("It is kept here.");
      await keep(SEEN, key, true, { shared: true, expires_at: new Date(until).toISOString() });
      this.#here = unleaveOne(key, Date.now());
      this.#shared = { ...this.#shared, [key]: until };
    } catch {
      this.#here = leave(key, Date.now());
    }
  }

  async unleave(): Promise<void> {
    const names = Object.keys(this.#shared);
    this.#here = unleave();
    this.#shared = {};
    await Promise.allSettled(names.map((name) => drop(SEEN, name, true)));
  }
}

export const attention = new Attention();

const ofProject = <One extends { flow: { project_id: string } }>(all: readonly One[], project: string | null) =>
  project ? all.filter((one) => one.flow.project_id === project) : all;

/** Ask for what needs a person, as long as the component lives.
 *
 * `wanted`: of which time and project; null: nothing is asked now. `often` gives how often the quick questions are asked
 * again, in milliseconds, and `reasons` whether it is asked why each run failed.
 */
export function needsOf(wanted: () => Wanted | null, often: number, withReasons = true) {
  const now = $derived(wanted());
  const project = $derived(now?.project ?? null);
  const minute = $derived(Math.floor(clock.now / 60_000) * 60_000);
  const moment = $derived(Math.floor(clock.now / often) * often);
  const since = $derived(new Date(minute - (now?.period === "7d" ? 7 : 1) * 86_400_000).toISOString());
  const before = $derived(new Date(moment - LATE_MS).toISOString());
  const when = <Variables>(variables: Variables) => (now === null ? null : variables);

  const failures = asked(HomeFailures, () => when({ since }), { every: often });
  const groups = $derived(
    [...new Set((failures.value?.flow_run ?? []).map((run) => run.flow.flow_group_id))].slice(0, 100),
  );
  const ended = asked(NewestEnded, () => (groups.length ? when({ groups }) : null), { every: often });
  const paused = asked(HomePaused, () => when({}), { every: often });
  const late = asked(HomeLate, () => when({ before, limit: 50 }));
  const agents = asked(HomeAgents, () => when({}), { every: often });
  const unread = asked(HomeUnread, () => when({}), { every: Math.max(often, 30_000) });
  const trouble = asked(HomeTrouble, () => when({}), { every: often });
  const seen = asked(KeptDocuments, () => when({ kind: SEEN, shared: true }), { every: Math.min(often, SEEN_MS) });
  $effect(() => {
    const found = seen.value?.documents;
    if (found) untrack(() => attention.take(leftByAll(found)));
  });
  const firstLate = $derived(late.value?.flow_run[0]?.id ?? null);
  const why = asked(WhyNot, () => (firstLate ? when({ id: firstLate }) : null), { every: often });

  const lateRuns = $derived(ofProject(late.value?.flow_run ?? [], project));
  const lateTotal = $derived(project ? lateRuns.length : (late.value?.flow_run_aggregate.aggregate?.count ?? 0));

  // Why: the task that failed first says more than "Some reference tasks failed".
  const failedRuns = $derived(
    ended.value || groups.length === 0
      ? failing(ofProject(failures.value?.flow_run ?? [], project), ended.value?.flow_group ?? [])
      : [],
  );
  const reasons = asked(FailureReasons, () => {
    const ids = withReasons ? failedRuns.slice(0, 20).map((one) => one.run ?? "") : [];
    return ids.length ? when({ ids }) : null;
  });
  const reasonOf = (need: Need): Need => {
    const first = reasons.value?.task_run.find((one) => one.flow_run_id === need.run);
    if (!first?.state_message) return need;
    const place = `${first.task.name ?? "task"}${first.map_index >= 0 ? `[${first.map_index}]` : ""}`;
    return { ...need, detail: `${place}: ${first.state_message}` };
  };

  const every = $derived.by<Need[]>(() => {
    const waiting: Need[] = ofProject(
      (paused.value?.task_run ?? []).map((one) => ({ ...one, flow: one.flow_run.flow })),
      project,
    ).map((one) => ({
      key: `paused ${one.id} ${one.state_timestamp ?? ""}`,
      kind: "paused",
      title: one.flow_run.flow.name,
      text: `waits for approval in ${one.task.name ?? "a task"}${one.map_index >= 0 ? `[${one.map_index}]` : ""}`,
      detail: one.state_message ?? "",
      path: `flow-run/${one.flow_run.id}`,
      query: { sel: one.id },
      at: Date.parse(one.state_timestamp ?? ""),
      run: one.flow_run.id,
      task: one.id,
    }));
    const unreadCount = unread.value?.message_aggregate.aggregate?.count ?? 0;
    const messages: Need[] = unreadCount
      ? [
          {
            key: `messages ${unreadCount}`,
            kind: "message",
            title: count(unreadCount, "message"),
            text: "of automations and hooks not read",
            detail: "",
            path: "inbox",
            query: {},
            at: 0,
          },
        ]
      : [];
    return [
      ...waiting,
      ...failedRuns.map(reasonOf),
      ...silent(agents.value?.agent ?? [], lateRuns, clock.now),
      ...lateOnes(lateRuns, lateTotal, why.value?.why_not_running, clock.now),
      ...troubles(trouble.value?.message ?? [], trouble.value?.cloud_hook ?? [], trouble.value?.action ?? []),
      ...messages,
    ];
  });
  const needs = $derived(every.filter((one) => !(one.key in attention.left)));
  const parts = $derived([
    [failures, "Failed runs"],
    [ended, "What became of failed flows"],
    [paused, "Paused runs"],
    [late, "Late runs"],
    [agents, "Agents"],
    [trouble, "Hooks and automations in trouble"],
  ] as const);

  return {
    failures,
    ended,
    paused,
    late,
    agents,
    trouble,
    /** What needs a person now. */
    get needs(): Need[] {
      return needs;
    },
    /** How much was left for later. */
    get hidden(): number {
      return every.length - needs.length;
    },
    get lateTotal(): number {
      return lateTotal;
    },
    /** The questions, each with what it is about. */
    get parts() {
      return parts;
    },
    /** Whether all that was asked first is known. */
    get known(): boolean {
      return [failures, late, paused, agents].every((one) => one.value !== null);
    },
    again(): void {
      for (const one of [failures, ended, paused, late, agents, unread, trouble, why]) one.again();
    },
  };
}
