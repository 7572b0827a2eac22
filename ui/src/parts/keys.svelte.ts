import { untrack } from "svelte";
import { settings } from "../data/settings.svelte";

/** A command of the present screen: reached by a key, by the palette, or both. */
export interface Command {
  name: string;
  /** "r", "g h" (one after the other), "Escape", "Ctrl+Enter"; none: only in the palette. */
  key?: string;
  /** Also while a person types. */
  whileTyping?: boolean;
  run: () => void;
}

let layers = $state.raw<{ of: () => Command[] }[]>([]);

/** Offer commands as long as the component lives; the innermost wins. */
export function commands(of: () => Command[]): void {
  $effect(() => {
    const layer = { of };
    layers = [...untrack(() => layers), layer];
    return () => (layers = untrack(() => layers).filter((one) => one !== layer));
  });
}

/** All commands of now, the innermost first. */
export function offered(): Command[] {
  return layers.toReversed().flatMap((layer) => layer.of());
}

let pending = "";
let timer: ReturnType<typeof setTimeout> | undefined;

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]");
}

/** Find what a key does and do it; a typed letter stays a letter. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const modifier = event.ctrlKey || event.metaKey;
  if (event.altKey) return;
  const name = `${modifier ? "Ctrl+" : ""}${event.key}`;
  const typing =
    isTyping(event.target) || event.composedPath().some((one) => one instanceof Element && one.matches(".cm-editor"));
  const single = !modifier && event.key.length === 1;
  if (single && (typing || !settings.keys || document.querySelector("dialog[open]"))) return;
  if (
    event.key === "Enter" &&
    !modifier &&
    (event.target as Element | null)?.closest?.("a, button, summary, [role=option], [role=menuitem]")
  )
    return;
  // The innermost that is open closes by itself.
  if (event.key === "Escape" && document.querySelector("dialog[open], [popover]:popover-open")) return;
  const both = pending ? `${pending} ${name}` : name;
  const all = offered();
  const found = all.find((one) => one.key === both && (!typing || one.whileTyping));
  clearTimeout(timer);
  pending = "";
  if (found) {
    event.preventDefault();
    found.run();
  } else if (single && all.some((one) => one.key?.startsWith(`${name} `))) {
    pending = name;
    timer = setTimeout(() => (pending = ""), 1_200);
  }
}
