/** Order and search of the list of flows. */
export interface Listed {
  name: string;
  version: number | null;
  created: string;
  project: { name: string };
}

export const ORDERS = ["name", "project", "created"] as const;
export type Order = (typeof ORDERS)[number];

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

export function sorted<Row extends Listed>(rows: readonly Row[], order: Order): Row[] {
  const byName = (a: Row, b: Row) =>
    collator.compare(a.name, b.name) || collator.compare(a.project.name, b.project.name);
  if (order === "created")
    return [...rows].sort((a, b) => Date.parse(b.created) - Date.parse(a.created) || byName(a, b));
  if (order === "project")
    return [...rows].sort((a, b) => collator.compare(a.project.name, b.project.name) || byName(a, b));
  return [...rows].sort(byName);
}

/** Every word of the search must be in the name or the project's name. */
export function matching<Row extends Listed>(rows: readonly Row[], search: string): Row[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...rows];
  return rows.filter((one) => {
    const text = `${one.name} ${one.project.name}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The part of a list that is to be drawn: rows of one height, some more at both ends. */
export function windowOf(
  count: number,
  height: number,
  scrolled: number,
  seen: number,
  more = 10,
): { from: number; to: number } {
  const from = Math.max(0, Math.floor(scrolled / height) - more);
  const to = Math.min(count, Math.ceil((scrolled + seen) / height) + more);
  return { from: Math.min(from, Math.max(0, count - 1)), to: Math.max(to, Math.min(count, from + more)) };
}
