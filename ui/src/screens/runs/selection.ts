/** Which runs of the list are selected: all that match, or those of these ids. */
export type Selection = "all" | readonly string[];

type Shelf = Pick<Storage, "getItem" | "setItem">;
const KEY = "proctor.selections";
/** More ids than this would make the address too long for some proxies: this tab keeps them, the address says which. */
export const IN_ADDRESS = 40;
const SHELVED = 10;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A short name of a text (FNV-1a): the same text, the same name. */
function short(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}

function shelved(shelf: Shelf): [string, string[]][] {
  try {
    const all: unknown = JSON.parse(shelf.getItem(KEY) ?? "[]");
    return Array.isArray(all) ? (all as [string, string[]][]) : [];
  } catch {
    return [];
  }
}

/** Write a selection for the address; null when nothing is selected.
 *
 * "All" is all that meet `conditions`: under other conditions it selects nothing.
 */
export function selectionText(selection: Selection, conditions: string, shelf: Shelf = sessionStorage): string | null {
  if (selection === "all") return `all.${short(conditions)}`;
  if (selection.length === 0) return null;
  const text = selection.join(",");
  if (selection.length <= IN_ADDRESS) return text;
  const name = short(text);
  try {
    const others = shelved(shelf).filter(([one]) => one !== name);
    shelf.setItem(KEY, JSON.stringify([...others, [name, selection]].slice(-SHELVED)));
  } catch {
    return selection.slice(0, IN_ADDRESS).join(","); // no room: some are better than none
  }
  return `kept.${name}`;
}

/** Read a selection of an address; what cannot be read selects nothing. */
export function readSelection(text: string | null, conditions: string, shelf: Shelf = sessionStorage): Selection {
  if (!text) return [];
  if (text.startsWith("all.")) return text === `all.${short(conditions)}` ? "all" : [];
  const ids = text.startsWith("kept.")
    ? (shelved(shelf).find(([name]) => name === text.slice(5))?.[1] ?? [])
    : text.split(",");
  return [...new Set(ids.filter((one) => typeof one === "string" && ID.test(one)))];
}
