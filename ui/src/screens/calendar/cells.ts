import { instantsOf, offsetOf } from "../../words/time";
import { family, type Family } from "../../words/states";

/** How many runs of a flow are in one state, of those whose planned start lies in a column. */
export interface Counted {
  flow_group_id: string | null;
  state: string | null;
  count: number;
}

/** What a calendar counts by: "planned" has not begun, the others are families. */
export type Kind = "success" | "failed" | "running" | "planned" | "ended";

export const KINDS: readonly (readonly [Kind, string, Family])[] = [
  ["failed", "failed", "failed"],
  ["success", "done", "success"],
  ["running", "running", "running"],
  ["ended", "cancelled", "ended"],
  ["planned", "planned", "waiting"],
];

export function kindOf(state: string | null): Kind {
  const one = family(state);
  if (one === "success" || one === "failed" || one === "ended") return one;
  return one === "running" || one === "mapped" || one === "held" || state === "Retrying" ? "running" : "planned";
}

/** A column: a day of a week, or an hour of a day; from and to in milliseconds since the epoch. */
export interface Column {
  from: number;
  to: number;
}

const midnight = (day: string, zone: string): number =>
  // Some zones skip midnight: then the day begins an hour later.
  instantsOf(`${day}T00:00`, zone)[0] ?? instantsOf(`${day}T01:00`, zone)[0] ?? Date.parse(`${day}T00:00Z`);

/** The day of an instant in a zone: "2026-11-28". */
export function dayOf(at: number, zone: string): string {
  return new Date(at + offsetOf(at, zone) * 60_000).toISOString().slice(0, 10);
}

/** Another day, so many days on. */
export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T12:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The Monday of a day's week. */
export function monday(day: string): string {
  const weekday = (new Date(`${day}T12:00Z`).getUTCDay() + 6) % 7;
  return plusDays(day, -weekday);
}

/** Seven days from the Monday of this day, or the hours of this day: 23 or 25 where clocks change. */
export function columns(day: string, span: "day" | "week", zone: string): Column[] {
  if (span === "week") {
    const first = monday(day);
    return Array.from({ length: 7 }, (_, index) => ({
      from: midnight(plusDays(first, index), zone),
      to: midnight(plusDays(first, index + 1), zone),
    }));
  }
  const from = midnight(day, zone);
  const to = midnight(plusDays(day, 1), zone);
  const hours = Math.max(1, Math.round((to - from) / 3_600_000));
  return Array.from({ length: hours }, (_, index) => ({
    from: from + index * 3_600_000,
    to: Math.min(to, from + (index + 1) * 3_600_000),
  }));
}

export interface FlowRow {
  id: string;
  name: string;
  total: number;
  cells: Partial<Record<Kind, number>>[];
}

/** Lay what was counted for each column into rows; flows by name, `…` while it is not known. */
export function table(counted: readonly (readonly Counted[])[], names: ReadonlyMap<string, string>): FlowRow[] {
  const rows = new Map<string, FlowRow>();
  counted.forEach((column, index) => {
    for (const { flow_group_id: id, state, count } of column) {
      if (id === null) continue;
      let row = rows.get(id);
      if (!row) {
        row = { id, name: names.get(id) ?? "…", total: 0, cells: counted.map(() => ({})) };
        rows.set(id, row);
      }
      const cell = row.cells[index] as Partial<Record<Kind, number>>;
      const kind = kindOf(state);
      cell[kind] = (cell[kind] ?? 0) + count;
      row.total += count;
    }
  });
  return [...rows.values()].sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
}
