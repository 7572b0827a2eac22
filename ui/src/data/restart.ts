import { count } from "../words/duration";

/** Where a run begins again: at what failed, at some task runs, or at its start. */
export type RestartFrom = "FAILED" | "TASK" | "START";

export interface RestartWish {
  flow_run_ids: string[];
  from: RestartFrom;
  task_run_ids?: string[];
  parameters?: Record<string, unknown>;
  message?: string;
  dry_run?: boolean;
}

/** What the server says of one run: what it did, or would do. */
export interface Restarted {
  flow_run_id: string;
  restarted: boolean;
  state: string | null;
  task_runs: number;
  code: string | null;
  reason: string | null;
}

/** The server will not do it, and says why. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
    this.name = "Refused";
  }
}

/** Give the one answer to a wish for one run; a refusal is an error with the server's reason. */
export function settled(answers: readonly Restarted[] | null | undefined): Restarted {
  const answer = answers?.[0];
  if (!answer) throw new Refused("The server said nothing about this run.", "ERROR");
  if (!answer.restarted) throw new Refused(answer.reason ?? "The run was not restarted.", answer.code ?? "REFUSED");
  return answer;
}

/** Say what a restart will do, before it is done. */
export function promise(from: RestartFrom, taskRuns: number, isChanged: boolean): string {
  const runs = count(taskRuns, "task run");
  const what =
    from === "START"
      ? `Everything runs again: ${runs} ${taskRuns === 1 ? "is" : "are"} set back, and no result is kept.`
      : taskRuns === 0
        ? "No task run is set back; the flow run alone begins again."
        : `${from === "FAILED" ? `What failed and what comes after it runs again: ${runs}.` : `These and what comes after them run again: ${runs}.`} Everything else that has finished keeps its result.`;
  return isChanged && from !== "START"
    ? `${what} The changed parameters are seen by what runs again, not by what keeps its result.`
    : what;
}

/** Read parameters that were typed: an object, or words about what is wrong. */
export function readParameters(text: string): { value: Record<string, unknown>; wrong: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return { value: value as Record<string, unknown>, wrong: "" };
    return { value: {}, wrong: "Parameters are one JSON object: names and values." };
  } catch (error) {
    return { value: {}, wrong: `This is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Give the parameters of `next` that differ from `before`. */
export function changes(before: Record<string, unknown>, next: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(next).filter(([name, value]) => !(name in before) || !same(before[name], value)),
  );
}

/** Tell whether two JSON values are the same; the order of keys does not matter. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length && names.every((name) => name in right && same(left[name], right[name]))
  );
}

/** Write the command that makes a run with the same wishes. */
export function commandOf(run: {
  flow: string;
  project: string | null;
  parameters: Record<string, unknown>;
  labels: readonly string[];
  name: string | null;
}): string {
  const words = ["prefect", "run", "--name", quoted(run.flow)];
  if (run.project) words.push("--project", quoted(run.project));
  for (const [name, value] of Object.entries(run.parameters))
    words.push("--param", quoted(`${name}=${JSON.stringify(value)}`));
  for (const label of run.labels) words.push("--label", quoted(label));
  return words.join(" ");
}

/** Write a word so that a shell takes it as it is. */
export function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
