/** Whose turn it is among runs that are due: the API's number and its word, the first in turn first. */
export const PRIORITIES = [
  [1, "High"],
  [0, "Normal"],
  [-1, "Low"],
] as const;

/** Say a priority; a number that nobody gives is said as it is. */
export function priorityWord(priority: number): string {
  return PRIORITIES.find(([one]) => one === priority)?.[1] ?? String(priority);
}
