/** How an agent is, by when it last asked for work. */
export type Health = "healthy" | "stale" | "unhealthy";

export const HEALTHY_MS = 5 * 60_000;
export const STALE_MS = 12 * 3_600_000;

/** Under 5 minutes healthy, under 12 hours stale, else (or never heard) unhealthy. */
export function healthOf(lastQueried: string | null | undefined, now: number): Health {
  const age = lastQueried ? now - Date.parse(lastQueried) : Number.POSITIVE_INFINITY;
  return age < HEALTHY_MS ? "healthy" : age < STALE_MS ? "stale" : "unhealthy";
}

/** Read labels of the API, whatever they are. */
export function labelsOf(labels: unknown): string[] {
  return Array.isArray(labels) ? labels.map(String) : [];
}

/** Whether an agent takes runs with these labels: all of them are its own; a run without any needs one without any. */
export function takes(agent: readonly string[], run: readonly string[]): boolean {
  return run.length === 0 ? agent.length === 0 : run.every((label) => agent.includes(label));
}

/** The command that starts an agent which takes such runs. */
export function startCommand(labels: readonly string[], type = "local"): string {
  const quoted = (text: string) => (/^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  return ["prefect", "agent", type, "start", ...labels.flatMap((label) => ["--label", quoted(label)])].join(" ");
}
