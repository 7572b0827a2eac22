import type { Flow_Run_Bool_Exp, RunsPageSubscriptionVariables } from "../operations/runs.gen";
import { FAILED, family } from "../words/states";

/** What an order means to the database; only those with an index are offered for all runs. */
export const ORDERS = {
  scheduled: { scheduled_start_time: "desc" },
  oldest: { scheduled_start_time: "asc" },
  started: { start_time: "desc_nulls_last" },
  created: { created: "desc" },
} as const;
export type Sort = keyof typeof ORDERS;

/** Which runs a list shows, as its address says it. Times are ISO or relative to now ("-24h"). */
export interface Filters {
  states: string[];
  flow: string | null;
  project: string | null;
  labels: string[];
  agent: string | null;
  parameters: Record<string, string>;
  by: "schedule" | "hand" | null;
  /** Runs whose start is over and that were not taken, those whose start is to come, or all; null: see `hidesUpcoming`. */
  due: "late" | "upcoming" | "all" | null;
  since: string | null;
  until: string | null;
  q: string;
}

/** A run is late when it should have begun so many milliseconds ago. */
export const LATE_MS = 20_000;
/** What starts so soon is no longer "upcoming": longer than the grain of `now`. */
const SOON_MS = 120_000;
const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const ID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** Read a time of an address: ISO, or "-24h", "+2d" from now; NaN for what is none. */
export function timeOf(text: string | null, now: number): number {
  const relative = /^([+-])(\d{1,5})([mhdw])$/.exec(text ?? "");
  if (!relative) return Date.parse(text ?? "");
  const [, sign, count, unit] = relative as unknown as [string, string, string, string];
  return now + (sign === "-" ? -1 : 1) * Number(count) * (UNITS[unit] ?? 0);
}

export function readFilters(query: URLSearchParams): Filters {
  const parameters: Record<string, string> = {};
  for (const [name, value] of query) if (name.startsWith("param.")) parameters[name.slice(6)] = value;
  const by = query.get("by");
  const due = query.get("due");
  return {
    states: query.getAll("state").flatMap((one) => one.split(",").filter(Boolean)),
    flow: query.get("flow"),
    project: query.get("project"),
    labels: query.getAll("label"),
    agent: query.get("agent"),
    parameters,
    by: by === "schedule" || by === "hand" ? by : null,
    due: due === "late" || due === "upcoming" || due === "all" ? due : null,
    since: query.get("since"),
    until: query.get("until"),
    q: query.get("q") ?? "",
  };
}

/** A value as a person types it into an address: JSON where it is JSON, else the text itself. */
export function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Mark the signs that LIKE takes for others. */
export function likeOf(text: string): string {
  return `%${text.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
}

/** Give the condition of the API. `now` should be a round time, so that it is the same text for a while. */
export function whereOf(filters: Filters, now: number): Flow_Run_Bool_Exp {
  const all: Flow_Run_Bool_Exp[] = [];
  const iso = (at: number) => new Date(at).toISOString();
  if (filters.states.length) all.push({ state: { _in: filters.states } });
  if (ID.test(filters.flow ?? "")) all.push({ flow: { flow_group_id: { _eq: filters.flow } } });
  if (ID.test(filters.project ?? "")) all.push({ flow: { project_id: { _eq: filters.project } } });
  if (ID.test(filters.agent ?? "")) all.push({ agent_id: { _eq: filters.agent } });
  if (filters.labels.length) all.push({ labels: { _contains: filters.labels } });
  for (const [name, text] of Object.entries(filters.parameters)) {
    const value = valueOf(text);
    const one = (given: unknown): Flow_Run_Bool_Exp => ({ parameters: { _contains: { [name]: given } } });
    // "5" may have been given as a number or as a text.
    all.push(value === text ? one(value) : { _or: [one(value), one(text)] });
  }
  if (filters.by) all.push({ auto_scheduled: { _eq: filters.by === "schedule" } });
  if (filters.due === "late")
    all.push({ state: { _eq: "Scheduled" } }, { scheduled_start_time: { _lt: iso(now - LATE_MS) } });
  if (filters.due === "upcoming")
    all.push({ state: { _eq: "Scheduled" } }, { scheduled_start_time: { _gte: iso(now) } });
  if (hidesUpcoming(filters)) all.push({ scheduled_start_time: { _lt: iso(now + SOON_MS) } });
  const since = timeOf(filters.since, now);
  const until = timeOf(filters.until, now);
  if (!Number.isNaN(since)) all.push({ scheduled_start_time: { _gte: iso(since) } });
  if (!Number.isNaN(until)) all.push({ scheduled_start_time: { _lt: iso(until) } });
  const q = filters.q.trim();
  if (ID.test(q)) all.push({ id: { _eq: q } });
  else if (q) all.push({ _or: [{ name: { _ilike: likeOf(q) } }, { flow: { name: { _ilike: likeOf(q) } } }] });
  return all.length === 0 ? {} : all.length === 1 ? (all[0] as Flow_Run_Bool_Exp) : { _and: all };
}

/** Whether runs that a schedule planned for later are left out: they would fill the first page of every list. */
export function hidesUpcoming(filters: Filters): boolean {
  const asksForThem = filters.states.some((one) => family(one) === "waiting") || filters.q !== "";
  return filters.due === null && filters.until === null && !asksForThem;
}

/** Whether the database may have to look at every run: containment without a flow or a period. */
export function isWide(filters: Filters): boolean {
  const contains = filters.labels.length > 0 || Object.keys(filters.parameters).length > 0;
  return contains && !filters.flow && !filters.since;
}

/** Give the order, by the index alone: a second key would make the database sort what it only has to skip. */
export function orderOf(sort: Sort): RunsPageSubscriptionVariables["order"] {
  return [{ ...ORDERS[sort] }] as RunsPageSubscriptionVariables["order"];
}

/** One removable condition of the address: what it says, and the query without it. */
export interface Chip {
  key: string;
  name: string;
  value: string;
  without: Record<string, string | string[] | null>;
}

/** Name each condition; `names` turns ids of flows, projects and agents into words. */
export function chipsOf(filters: Filters, names: Record<string, string>): Chip[] {
  const chips: Chip[] = [];
  const named = (id: string) => names[id] ?? "…";
  if (filters.states.length)
    chips.push({ key: "state", name: "state", value: statesInWords(filters.states), without: { state: null } });
  if (filters.due && filters.due !== "all")
    chips.push({ key: "due", name: "", value: filters.due, without: { due: null } });
  if (filters.flow) chips.push({ key: "flow", name: "flow", value: named(filters.flow), without: { flow: null } });
  if (filters.project)
    chips.push({ key: "project", name: "project", value: named(filters.project), without: { project: null } });
  for (const label of filters.labels) {
    const others = filters.labels.filter((one) => one !== label);
    chips.push({
      key: `label ${label}`,
      name: "label",
      value: label,
      without: { label: others.length ? others : null },
    });
  }
  if (filters.agent) chips.push({ key: "agent", name: "agent", value: named(filters.agent), without: { agent: null } });
  for (const [name, value] of Object.entries(filters.parameters))
    chips.push({ key: `param.${name}`, name, value: `= ${value}`, without: { [`param.${name}`]: null } });
  if (filters.by)
    chips.push({
      key: "by",
      name: "made",
      value: filters.by === "schedule" ? "by a schedule" : "by hand or program",
      without: { by: null },
    });
  if (filters.since) chips.push({ key: "since", name: "since", value: filters.since, without: { since: null } });
  if (filters.until) chips.push({ key: "until", name: "until", value: filters.until, without: { until: null } });
  if (filters.q) chips.push({ key: "q", name: "search", value: filters.q, without: { q: null } });
  return chips;
}

export function statesInWords(states: readonly string[]): string {
  if (states.length === FAILED.length && FAILED.every((one) => states.includes(one))) return "any failure";
  return states.length > 3 ? `${states.slice(0, 2).join(", ")} or ${states.length - 2} more` : states.join(", ");
}

/** Leave out what was made after a time, so that places in the list do not move while somebody reads it. */
export function frozen(where: Flow_Run_Bool_Exp, at: number): Flow_Run_Bool_Exp {
  return { _and: [where, { created: { _lte: new Date(at).toISOString() } }] };
}

/** Undo `frozen`; another condition is given back as it is. */
export function unfrozen(where: Flow_Run_Bool_Exp): Flow_Run_Bool_Exp {
  const [first, second] = where._and ?? [];
  return first && second?.created?._lte && where._and?.length === 2 ? first : where;
}
