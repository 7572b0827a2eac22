import { healthOf, labelsOf, takes } from "../../words/agents";

/** Something that a person should look at. */
export interface Need {
  /** The same for the same thing, so that "not now" is remembered. */
  key: string;
  kind: "failed" | "agent" | "paused" | "late" | "hook" | "message";
  title: string;
  text: string;
  detail: string;
  /** Where it leads, as a path and query below the tenant. */
  path: string;
  query: Record<string, string>;
  at: number;
  run?: string;
  task?: string;
  /** The message of the inbox that tells of it. */
  message?: string;
}

interface Failure {
  id: string;
  name: string | null;
  state_message: string | null;
  start_time: string | null;
  end_time: string | null;
  scheduled_start_time: string;
  flow: { name: string; flow_group_id: string; project_id: string };
}

interface Ended {
  id: string;
  flows: { flow_runs: { id: string; state: string | null; start_time: string | null }[] }[];
}

const FAILED = ["Failed", "TimedOut", "TriggerFailed"];
const time = (text: string | null | undefined) => (text ? Date.parse(text) : 0);

/** Flows whose newest finished run failed; a success since then has settled it. */
export function failing(failures: readonly Failure[], ended: readonly Ended[]): Need[] {
  const groups = new Map<string, Failure[]>();
  for (const run of failures) {
    const group = run.flow.flow_group_id;
    groups.set(group, [...(groups.get(group) ?? []), run]);
  }
  const newest = new Map(
    ended.map((group) => {
      const runs = group.flows.flatMap((flow) => flow.flow_runs);
      return [group.id, runs.sort((a, b) => time(b.start_time) - time(a.start_time))[0]];
    }),
  );
  const needs: Need[] = [];
  for (const [group, runs] of groups) {
    const last = newest.get(group);
    if (last && !FAILED.includes(last.state ?? "")) continue;
    const first = runs[0] as Failure;
    needs.push({
      key: `failed ${first.id}`,
      kind: "failed",
      title: first.flow.name,
      text:
        runs.length === 1
          ? `${first.name ?? "its last run"} failed`
          : `the last ${runs.length} that failed, newest ${first.name ?? ""}`,
      detail: first.state_message ?? "",
      path: `flow-run/${first.id}`,
      query: {},
      at: time(first.end_time ?? first.start_time ?? first.scheduled_start_time),
      run: first.id,
    });
  }
  return needs;
}

interface Agent {
  id: string;
  name: string | null;
  labels: unknown;
  last_queried: string | null;
}
interface Late {
  id: string;
  name: string | null;
  scheduled_start_time: string;
  labels: unknown;
  flow: { name: string };
}

/** Agents that are silent while runs wait that they would take, and no other agent takes.
 *
 * Agents that the same runs wait for are one need: any of them would do.
 */
export function silent(agents: readonly Agent[], late: readonly Late[], now: number): Need[] {
  const alive = agents
    .filter((one) => healthOf(one.last_queried, now) === "healthy")
    .map((one) => labelsOf(one.labels));
  const stuck = late.filter((run) => !alive.some((labels) => takes(labels, labelsOf(run.labels))));
  const groups = new Map<string, { agents: Agent[]; waits: number }>();
  for (const agent of agents) {
    if (healthOf(agent.last_queried, now) === "healthy") continue;
    const waits = stuck.filter((run) => takes(labelsOf(agent.labels), labelsOf(run.labels)));
    if (waits.length === 0) continue;
    const key = waits.map((run) => run.id).join();
    groups.set(key, { agents: [...(groups.get(key)?.agents ?? []), agent], waits: waits.length });
  }
  return [...groups.values()].map(({ agents: some, waits }) => {
    const names = some.map((one) => one.name ?? "unnamed agent");
    const runs = waits === 1 ? "1 run waits" : `${waits} runs wait`;
    const one = some.length === 1;
    return {
      key: `agent ${some.map((agent) => `${agent.id} ${agent.last_queried ?? ""}`).join()}`,
      kind: "agent" as const,
      title: one ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`,
      text: one ? `is silent; ${runs} for it` : `are silent; ${runs} for one of them`,
      detail: "",
      path: one ? `agent/${some[0]?.id ?? ""}` : "agents",
      query: (one ? {} : { health: "late" }) as Record<string, string>,
      at: Math.max(...some.map((agent) => time(agent.last_queried))),
    };
  });
}

/** What nothing holds back is about to be taken: it needs nobody for so long. */
const GRACE_MS = 120_000;

/** Late runs, as one need: why the first of them waits is told with it. */
export function lateOnes(
  late: readonly Late[],
  total: number,
  why: { ready: boolean | null; reasons: readonly string[] | null } | null | undefined,
  now: number,
): Need[] {
  const first = late[0];
  if (!first || (why?.ready && now - time(first.scheduled_start_time) < GRACE_MS)) return [];
  const reasons = why?.reasons ?? [];
  return [
    {
      key: `late ${first.id} ${total}`,
      kind: "late",
      title: total === 1 ? (first.name ?? "A run") : `${total} runs`,
      text: total === 1 ? `of ${first.flow.name} is late` : "are late",
      detail: reasons[0] ?? "",
      path: total === 1 ? `flow-run/${first.id}` : "queue",
      query: {},
      at: time(first.scheduled_start_time),
    },
  ];
}

interface Trouble {
  id: string;
  text: string | null;
  updated: string;
  content: unknown;
}
interface Called {
  id: string;
  name: string | null;
}

/** Hooks and automations that were given up: whoever relies on them hears nothing. */
export function troubles(told: readonly Trouble[], hooks: readonly Called[], actions: readonly Called[]): Need[] {
  const newest = new Map<string, Trouble>();
  const times = new Map<string, number>();
  for (const one of told) {
    const about = one.content as Record<string, unknown> | null;
    const subject = String(about?.["subject_id"] ?? one.id);
    times.set(subject, (times.get(subject) ?? 0) + 1);
    if (time(newest.get(subject)?.updated) < time(one.updated)) newest.set(subject, one);
  }
  return [...newest].map(([subject, one]) => {
    const about = (one.content ?? {}) as Record<string, unknown>;
    const isHook = about["subject"] === "cloud_hook";
    const known = (isHook ? hooks : actions).find((other) => other.id === subject);
    const days = times.get(subject) ?? 1;
    return {
      key: `hook ${one.id} ${one.updated}`,
      kind: "hook" as const,
      title: known?.name || `${isHook ? "A hook" : "An automation"} of the kind ${String(about["kind"] ?? "unknown")}`,
      text: `was given up${days > 1 ? ` on ${days} days` : ""}; whoever waits for it hears nothing`,
      detail: String(about["reason"] ?? one.text ?? ""),
      path: isHook ? "settings/hooks" : "automations",
      query: {},
      at: time(one.updated),
      message: one.id,
    };
  });
}

const KEY = "proctor.notnow";
export const NOT_NOW_MS = 86_400_000;
type Shelf = Pick<Storage, "getItem" | "setItem">;

/** What a person said "not now" to, and until when; what is over is forgotten. */
export function notNow(now: number, shelf: Shelf = localStorage): Record<string, number> {
  try {
    const all = JSON.parse(shelf.getItem(KEY) ?? "{}") as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(all).filter((one): one is [string, number] => typeof one[1] === "number" && one[1] > now),
    );
  } catch {
    return {};
  }
}

/** Leave something alone for a day; gives all that is left alone. */
export function leave(key: string, now: number, shelf: Shelf = localStorage): Record<string, number> {
  const all = { ...notNow(now, shelf), [key]: now + NOT_NOW_MS };
  shelf.setItem(KEY, JSON.stringify(all));
  return all;
}

/** Leave one thing alone no more in this browser; gives all that is. */
export function unleaveOne(key: string, now: number, shelf: Shelf = localStorage): Record<string, number> {
  const all = Object.fromEntries(Object.entries(notNow(now, shelf)).filter(([name]) => name !== key));
  shelf.setItem(KEY, JSON.stringify(all));
  return all;
}

/** What everybody of the tenant leaves alone, and until when, from what the server keeps. */
export function leftByAll(kept: readonly { name: string; expires_at: string | null }[]): Record<string, number> {
  return Object.fromEntries(kept.map((one) => [one.name, time(one.expires_at) || Number.POSITIVE_INFINITY]));
}

/** Show everything again. */
export function unleave(shelf: Shelf = localStorage): Record<string, number> {
  shelf.setItem(KEY, "{}");
  return {};
}
