/** Write a length in at most two units: "0.4 s", "27 s", "12 min 4 s", "3 h 5 min", "2 d 4 h". */
export function duration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return "";
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pair = (big: number, bigName: string, small: number, smallName: string) =>
    small ? `${big} ${bigName} ${small} ${smallName}` : `${big} ${bigName}`;
  if (whole < 3_600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** Say an interval of the API ("00:00:10") as the time between two attempts. */
export function delay(interval: string | null | undefined): string {
  const parts = /^(?:(\d+) days? ?)?(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(interval ?? "");
  if (!parts) return interval ? `${interval} apart` : "at once";
  const [, days = "0", hours, minutes, seconds] = parts;
  const length = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return length > 0 ? `${duration(length * 1000)} apart` : "at once";
}

const grouped = new Intl.NumberFormat("en-GB");

/** "10,000" */
export function number(value: number): string {
  return grouped.format(value);
}

/** "1 run", "2 runs" */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** "52 MB" */
export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  if (value < 1_000_000) return `${Math.round(value / 1_000)} kB`;
  return `${(value / 1_000_000).toFixed(value < 10_000_000 ? 1 : 0)} MB`;
}
