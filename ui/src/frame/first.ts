import { firstOfRun } from "../screens/run/logfilter";
import { match, split } from "./routes";

/** What some screens ask first, by their pattern: it is asked before their code is there. */
const FIRST: Record<string, (params: Record<string, string>, query: URLSearchParams) => void> = {
  "flow-run/:id/:tab?": firstOfRun,
};

/** Ask ahead what the screen at an address asks first. */
export function askFirst(path: string, query: URLSearchParams): void {
  const found = match(split(path).rest);
  if (found) FIRST[found.screen.pattern]?.(found.params, query);
}
