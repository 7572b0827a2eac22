import { named } from "../words/text";

export interface Crumb {
  name: string;
  href?: string;
}

export const shown = $state({ title: "", crumbs: [] as Crumb[] });

/** Say what this screen shows: the title of the tab and the line of places at the top, the innermost last. */
export function titled(of: () => { title: string; crumbs: Crumb[] }): void {
  $effect(() => {
    const now = of();
    shown.title = named(now.title, "");
    shown.crumbs = now.crumbs;
    document.title = shown.title ? `${shown.title} · Proctor` : "Proctor";
  });
}
