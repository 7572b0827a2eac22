import { duration } from "../../words/duration";

/** One clock of a schedule, as far as it is understood here; `raw` is all of it. */
export interface Clock {
  kind: "cron" | "interval" | "dates" | "other";
  cron: string;
  /** Seconds. */
  interval: number;
  zone: string | null;
  start: string | null;
  end: string | null;
  parameters: Record<string, unknown>;
  labels: string[] | null;
  dates: number;
  raw: Record<string, unknown>;
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** A time of a schedule: a text, or `{dt, tz}`. */
function timeOf(value: unknown): { at: string | null; zone: string | null } {
  if (typeof value === "string") return { at: value, zone: null };
  const given = objectOf(value);
  return {
    at: typeof given["dt"] === "string" ? given["dt"] : null,
    zone: typeof given["tz"] === "string" ? given["tz"] : null,
  };
}

/** Read the clocks of a schedule as the API gives it; none of what is none. */
export function clocksOf(schedule: unknown): Clock[] {
  const clocks = objectOf(schedule)["clocks"];
  if (!Array.isArray(clocks)) return [];
  return (clocks as unknown[]).map((one) => {
    const raw = objectOf(one);
    const type = typeof raw["type"] === "string" ? raw["type"] : "";
    const start = timeOf(raw["start_date"]);
    const interval = typeof raw["interval"] === "number" ? raw["interval"] / 1_000_000 : 0;
    return {
      kind:
        type === "CronClock"
          ? "cron"
          : type === "IntervalClock"
            ? "interval"
            : type === "DatesClock"
              ? "dates"
              : "other",
      cron: typeof raw["cron"] === "string" ? raw["cron"] : "",
      interval,
      zone: start.zone,
      start: start.at,
      end: timeOf(raw["end_date"]).at,
      parameters: objectOf(raw["parameter_defaults"]),
      labels: Array.isArray(raw["labels"]) ? raw["labels"].map(String) : null,
      dates: Array.isArray(raw["dates"]) ? raw["dates"].length : 0,
      raw,
    };
  });
}

/** Say a clock in short words, without what is loaded for cron. */
export function words(clock: Clock): string {
  const zone = clock.zone && clock.zone !== "UTC" ? `, ${clock.zone}` : clock.kind === "cron" ? ", UTC" : "";
  const end = clock.end ? `, until ${clock.end.slice(0, 10)}` : "";
  if (clock.kind === "cron") return `cron ${clock.cron}${zone}${end}`;
  if (clock.kind === "interval") return `every ${duration(clock.interval * 1_000)}${zone}${end}`;
  if (clock.kind === "dates") return `on ${clock.dates} dates`;
  return String(clock.raw["type"] ?? "a clock that is not known here");
}

/** What a person edits: a clock that the API can be given. */
export interface Edited {
  kind: "cron" | "interval";
  cron: string;
  amount: string;
  unit: "minutes" | "hours" | "days" | "weeks";
  parameters: string;
}

export const UNITS: Record<Edited["unit"], number> = { minutes: 60, hours: 3_600, days: 86_400, weeks: 604_800 };

/** Put a clock into the editor; null for one that it cannot say. */
export function edited(clock: Clock): Edited | null {
  if (clock.kind !== "cron" && clock.kind !== "interval") return null;
  const unit =
    (Object.keys(UNITS) as Edited["unit"][]).findLast(
      (one) => clock.interval > 0 && clock.interval % UNITS[one] === 0,
    ) ?? "minutes";
  return {
    kind: clock.kind,
    cron: clock.cron || "0 2 * * *",
    amount: clock.interval ? String(clock.interval / UNITS[unit]) : "1",
    unit,
    parameters: Object.keys(clock.parameters).length ? JSON.stringify(clock.parameters, null, 2) : "",
  };
}

export function newClock(): Edited {
  return { kind: "cron", cron: "0 2 * * *", amount: "1", unit: "hours", parameters: "" };
}

/** The length of an interval in whole seconds, or what is wrong with it. */
export function seconds(clock: Edited): { value: number; fault: string | null } {
  const amount = Number(clock.amount);
  if (clock.amount.trim() === "" || !Number.isFinite(amount) || amount <= 0)
    return { value: 0, fault: "Give a number above 0." };
  const value = Math.round(amount * UNITS[clock.unit]);
  if (value < 60) return { value, fault: "The shortest interval is one minute." };
  return { value, fault: null };
}

/** Look at a cron text roughly: the server has the last word. */
export function cronFault(cron: string): string | null {
  const parts = cron.trim().split(/\s+/).filter(Boolean);
  if (/^@(hourly|daily|midnight|weekly|monthly|yearly|annually)$/i.test(cron.trim())) return null;
  if (parts.length === 0) return "Give a cron text: minute, hour, day, month, day of the week.";
  if (parts.length < 5 || parts.length > 6)
    return `A cron text has five parts: minute, hour, day, month, day of the week; this has ${parts.length}.`;
  if (!/^[\d\w*,/\-#?LW ]+$/i.test(cron.trim())) return "There is a sign in it that cron does not know.";
  return null;
}
