import { below, url } from "./url";

/** Where we are: the parts of the path behind the base, and the query. */
class Place {
  path = $state("");
  query = $state.raw(new URLSearchParams());
  /** Moved on by every step that is not a mere change of the query: screens begin at their top. */
  step = $state(0);

  constructor() {
    this.#read();
    addEventListener("popstate", () => {
      this.#read();
      this.step += 1;
    });
    addEventListener("click", (event) => this.#click(event as MouseEvent));
  }

  #read(): void {
    const here = new URL(location.href);
    this.path = below(here) ?? "";
    this.query = here.searchParams;
  }

  /** Go to an address made by `href` or `url`. */
  go(address: string, options: { replace?: boolean } = {}): void {
    const target = new URL(address, document.baseURI);
    if (below(target) === null) {
      location.assign(target.href);
      return;
    }
    const moved = below(target) !== this.path;
    history[options.replace ? "replaceState" : "pushState"](null, "", target.href);
    this.#read();
    if (moved) this.step += 1;
  }

  /** Change how the screen is looked at; null takes a name away. `replace` while something is dragged or typed. */
  set(changes: Record<string, string | readonly string[] | null>, options: { replace?: boolean } = {}): void {
    const query = new URLSearchParams(this.query);
    for (const [name, value] of Object.entries(changes)) {
      query.delete(name);
      for (const one of value === null ? [] : typeof value === "string" ? [value] : value) query.append(name, one);
    }
    const search = query.toString();
    this.go(url(this.path) + (search ? `?${search}` : ""), options);
  }

  get(name: string): string | null {
    return this.query.get(name);
  }

  all(name: string): string[] {
    return this.query.getAll(name);
  }

  #click(event: MouseEvent): void {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || link.target || link.hasAttribute("download") || !link.href || link.origin !== location.origin) return;
    if (link.getAttribute("href")?.includes("#") && below(new URL(link.href)) === this.path) return;
    if (below(new URL(link.href)) === null || below(new URL(link.href))?.startsWith("ui/")) return;
    event.preventDefault();
    this.go(link.href);
  }
}

export const at = new Place();
