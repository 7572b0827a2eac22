/** What was asked by hand in this browser. */
export interface Asked {
  query: string;
  variables: string;
  at: number;
}

const KEY = "proctor.api";
const MOST = 40;
/** A longer text is not kept: the store of a browser is small. */
const LONGEST = 20_000;
type Shelf = Pick<Storage, "getItem" | "setItem">;

/** Newest first; what cannot be read is none. */
export function past(shelf: Shelf = localStorage): Asked[] {
  try {
    const all: unknown = JSON.parse(shelf.getItem(KEY) ?? "[]");
    if (!Array.isArray(all)) return [];
    return all.filter((one): one is Asked => typeof one?.query === "string" && typeof one?.variables === "string");
  } catch {
    return [];
  }
}

/** Put a question in front; the same one is kept once. Variables may hold a secret: those of mutations are left out. */
export function keep(query: string, variables: string, at: number, shelf: Shelf = localStorage): Asked[] {
  const kept = /^\s*mutation\b/m.test(query) ? "" : variables;
  if (query.length + kept.length > LONGEST) return past(shelf);
  const others = past(shelf).filter((one) => one.query !== query || one.variables !== kept);
  const all = [{ query, variables: kept, at }, ...others].slice(0, MOST);
  shelf.setItem(KEY, JSON.stringify(all));
  return all;
}

export function forgetAll(shelf: Shelf = localStorage): Asked[] {
  shelf.setItem(KEY, "[]");
  return [];
}

/** The named operations of a text, in its order, and whether each is a subscription. */
export function operationsOf(text: string): { name: string; kind: string }[] {
  const plain = text.replace(/#.*$/gm, "").replace(/"""[\s\S]*?"""|"(\\.|[^"\\])*"/g, '""');
  return [...plain.matchAll(/(^|[}\s])(query|mutation|subscription)\s+([A-Za-z_]\w*)/g)].map((one) => ({
    kind: one[2] ?? "query",
    name: one[3] ?? "",
  }));
}

/** Whether a text is one subscription, named or not. */
export function isSubscription(text: string, name: string): boolean {
  const named = operationsOf(text).find((one) => one.name === name);
  return named ? named.kind === "subscription" : /^\s*subscription\b/.test(text.replace(/#.*$/gm, ""));
}
