import { askAhead } from "../../data/ask";
import { STATES, type Columns } from "../../data/columns";
import { PAGE_LINES, whereOf, type Among, type LogFilter } from "../../data/lines";
import { LogPage, RunHead } from "../../operations/run.gen";
import { family, type Family } from "../../words/states";

export const ASCENDING = [{ timestamp: "asc" as const }, { seq: "asc" as const }, { id: "asc" as const }];
export const DESCENDING = [{ timestamp: "desc" as const }, { seq: "desc" as const }, { id: "desc" as const }];

/** Give the time window that an address names, in milliseconds; null when it names none. */
export function spanOf(query: URLSearchParams): { from: number; until: number } | null {
  const [from = Number.NaN, until = Number.NaN] = (query.get("z") ?? "")
    .split("~")
    .map((part) => (/^[\d.]+$/.test(part) ? Number(part) * 1000 : Date.parse(part)));
  return Number.isNaN(from) || Number.isNaN(until) ? null : { from, until };
}

/** Give the lines that an address asks for. `taskRun`: of this one alone, as on its own page. */
export function filterOf(
  query: URLSearchParams,
  flowRun: string,
  taskRun: string | null,
  among: Among | null = null,
): LogFilter {
  const task = taskRun ?? query.get("task");
  const span = spanOf(query);
  const text = query.get("q") ?? "";
  return {
    flowRun,
    taskRuns: task ? [task] : [],
    among: task ? null : among,
    levels: query.getAll("level").flatMap((level) => (level === "ERROR" ? ["ERROR", "CRITICAL"] : [level])),
    query: text,
    only: query.get("only") !== null && text !== "",
    from: span?.from ?? null,
    until: span?.until ?? null,
  };
}

/** Ask ahead what the screen of a run asks first: its head, and its newest lines. */
export function firstOfRun(params: Record<string, string>, query: URLSearchParams): void {
  const id = params["id"] ?? "";
  askAhead(RunHead, { id });
  // A line, or states of task runs that are not known yet, come from more than one question.
  if (params["tab"] || query.get("line") !== null || query.get("state") !== null) return;
  const where = whereOf(filterOf(query, id, null));
  askAhead(LogPage, { where, order: DESCENDING, limit: PAGE_LINES });
}

/** So many task runs are named in one question at most. */
export const MOST_NAMED = 1_000;

/** Name the task runs in some kinds of state, for a question about their lines; "many" when neither they nor the others are few. */
export function inStates(columns: Columns, kinds: ReadonlySet<Family>): Among | "many" {
  const fits: string[] = [];
  const others: string[] = [];
  for (let row = 0; row < columns.length; row += 1) {
    const list = kinds.has(family(STATES[columns.state[row] ?? 0])) ? fits : others;
    if (list.length <= MOST_NAMED) list.push(columns.id[row] ?? "");
  }
  if (fits.length <= MOST_NAMED) return { ids: fits, others: false };
  return others.length <= MOST_NAMED ? { ids: others, others: true } : "many";
}
