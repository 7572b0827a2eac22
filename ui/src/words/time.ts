/** How a time is written. Zones are names ("Europe/Berlin"), times ISO texts or milliseconds since the epoch. */
export interface Writing {
  zone: string;
  hours: 12 | 24;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone}${JSON.stringify(options)}`;
  let known = formats.get(key);
  if (!known) {
    try {
      known = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
    } catch {
      known = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
    }
    formats.set(key, known);
  }
  return known;
}

/** Read an instant; NaN for what is none. */
export function instant(value: string | number | null | undefined): number {
  if (value === null || value === undefined) return Number.NaN;
  return typeof value === "number" ? value : Date.parse(value);
}

/** "14:20:01" */
export function timeOfDay(value: string | number, how: Writing, seconds = true, millis = false): string {
  return format(how.zone, {
    hour: "2-digit",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
    ...(millis ? { fractionalSecondDigits: 3 } : {}),
    hour12: how.hours === 12,
  }).format(instant(value));
}

/** "Fri 27 Nov" and, in another year than now's, "27 Nov 2025". */
export function day(value: string | number, how: Writing, now: number): string {
  const at = instant(value);
  const year = { year: "numeric" } as const;
  const same = format(how.zone, year).format(at) === format(how.zone, year).format(now);
  return format(how.zone, { day: "numeric", month: "short", ...(same ? { weekday: "short" } : year) })
    .format(at)
    .replace(",", "");
}

/** "Fri 27 Nov, 14:20" */
export function dayAndTime(value: string | number, how: Writing, now: number): string {
  return `${day(value, how, now)}, ${timeOfDay(value, how, false)}`;
}

/** The whole of it, for a title: "Friday 27 November 2026, 14:20:01.106 Europe/Berlin". */
export function exactly(value: string | number, how: Writing): string {
  const at = instant(value);
  const date = format(how.zone, { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(at);
  return `${date.replace(",", "")}, ${timeOfDay(at, how, true, true)} ${how.zone}`;
}

/** Relative under a day ("12 min ago", "in 3 h"), else the day and time. */
export function when(value: string | number, how: Writing, now: number): string {
  const at = instant(value);
  const apart = Math.abs(now - at);
  if (apart >= 86_400_000) return dayAndTime(at, how, now);
  if (apart < 1_500) return "now";
  const [count, unit] =
    apart < 60_000
      ? [Math.round(apart / 1_000), "s"]
      : apart < 3_600_000
        ? [Math.round(apart / 60_000), "min"]
        : [Math.round(apart / 3_600_000), "h"];
  return at <= now ? `${count} ${unit} ago` : `in ${count} ${unit}`;
}

/** How far away an instant is, in one unit: "in 3 days", "12 min ago". */
export function distance(value: string | number, now: number): string {
  const at = instant(value);
  const days = Math.round(Math.abs(now - at) / 86_400_000);
  if (Math.abs(now - at) < 86_400_000) return when(at, { zone: "UTC", hours: 24 }, now);
  const said = `${days} ${days === 1 ? "day" : "days"}`;
  return at <= now ? `${said} ago` : `in ${said}`;
}

/** Minutes that a zone is ahead of UTC at an instant. */
export function offsetOf(at: number, zone: string): number {
  const parts = format(zone, {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(at);
  const part = (name: Intl.DateTimeFormatPartTypes) => Number(parts.find((one) => one.type === name)?.value);
  const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return Math.round((wall - Math.floor(at / 1000) * 1000) / 60_000);
}

/** Find the instants at which a zone's clocks show a wall time ("2026-11-29T06:00"): none, one, or two. */
export function instantsOf(wall: string, zone: string): number[] {
  const plain = Date.parse(`${wall.length === 16 ? `${wall}:00` : wall}Z`);
  if (Number.isNaN(plain)) return [];
  const offsets = new Set([offsetOf(plain - 86_400_000, zone), offsetOf(plain + 86_400_000, zone)]);
  return [...offsets]
    .map((minutes) => plain - minutes * 60_000)
    .filter((at) => at + offsetOf(at, zone) * 60_000 === plain)
    .sort((a, b) => a - b);
}

/** Write an instant as the wall time of a zone, for an input: "2026-11-29T06:00". */
export function wallOf(at: number, zone: string): string {
  return new Date(at + offsetOf(at, zone) * 60_000).toISOString().slice(0, 16);
}

/** The zones that the browser knows, UTC first. */
export function zones(): string[] {
  return ["UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")];
}

/** "Berlin" of "Europe/Berlin". */
export function place(zone: string): string {
  return zone.slice(zone.lastIndexOf("/") + 1).replaceAll("_", " ");
}
