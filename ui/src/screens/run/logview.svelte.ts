import { ApiError, ask } from "../../data/ask";
import {
  beyond,
  isError,
  Lines,
  PAGE_LINES,
  placed,
  type Block,
  type Line,
  type LogWhere,
  type Place,
} from "../../data/lines";
import { LogHits, LogPage } from "../../operations/run.gen";
import { ASCENDING, DESCENDING } from "./logfilter";

const AROUND = PAGE_LINES / 2;
const NUMBER = /^\d{1,10}$/;
/** The largest number that a question may hold. */
const MOST_INT = 2 ** 31 - 1;
const UUID = /^[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}$/i;
/** So many hits of a search are known at a time. */
export const MOST_HITS = 500;

/** The log window of a screen: asks for pages as they are needed, and lets go of what is far away. */
export class LogView {
  readonly lines = new Lines();
  blocks = $state.raw<readonly Block[]>([]);
  hasBefore = $state(false);
  hasAfter = $state(false);
  status = $state<"first" | "ready">("first");
  busy = $state<"" | "before" | "after" | "all">("");
  error = $state.raw<ApiError | null>(null);
  /** What came while the end was not in view. */
  missed = $state.raw({ lines: 0, errors: 0 });
  hits = $state.raw<{ places: readonly Place[]; hasMore: boolean; query: string } | null>(null);
  /** How the page holds its place while lines come and go. */
  keep: (change: () => void) => void = (change) => change();
  #where: LogWhere = { _and: [] };
  readonly #run: LogWhere;
  #given = new AbortController();

  constructor(flowRun: string) {
    this.#run = { _and: [{ flow_run_id: { _eq: flowRun } }] };
  }

  /** Look at other lines: at the end of them, or around a place. */
  async show(where: LogWhere, around: Place | string | null): Promise<void> {
    this.#where = where;
    if (around === null) await this.end();
    else if (typeof around === "string") await this.aroundLine(around);
    else await this.around(around);
  }

  async end(): Promise<void> {
    await this.#whole(async (signal) => {
      const found = await this.#page(this.#where, true, PAGE_LINES, signal);
      return () => this.lines.reset(found, found.length === PAGE_LINES, false);
    });
    this.missed = { lines: 0, errors: 0 };
  }

  async begin(): Promise<void> {
    await this.#whole(async (signal) => {
      const found = await this.#page(this.#where, false, PAGE_LINES, signal);
      return () => this.lines.reset(found, false, found.length === PAGE_LINES);
    });
  }

  async around(place: Place): Promise<void> {
    await this.#whole((signal) => this.#around(place, signal));
  }

  async #around(place: Place, signal: AbortSignal): Promise<() => void> {
    const [older, newer] = await Promise.all([
      this.#page(beyond(this.#where, place, true), true, AROUND, signal),
      this.#page(beyond(this.#where, place, false, true), false, AROUND, signal),
    ]);
    return () => this.lines.reset([...older, ...newer], older.length === AROUND, newer.length === AROUND);
  }

  /** Go to a line of which only the number or the id is known; to the end when there is none. `target` has its name here. */
  async aroundLine(name: string): Promise<void> {
    this.target = null;
    this.absent = "";
    await this.#whole(async (signal) => {
      const place = await this.#placeOf(name, signal);
      if (!place) {
        const found = await this.#page(this.#where, true, PAGE_LINES, signal);
        return () => {
          this.lines.reset(found, found.length === PAGE_LINES, false);
          this.absent = name;
        };
      }
      const change = await this.#around(place, signal);
      return () => {
        change();
        this.target = place.id;
      };
    });
  }

  /** Find a line by its number or its id; a name that is neither is asked for nowhere. */
  async #placeOf(name: string, signal: AbortSignal): Promise<Place | null> {
    const isNumber = NUMBER.test(name) && Number(name) <= MOST_INT;
    const one = isNumber ? { seq: { _eq: Number(name) } } : UUID.test(name) ? { id: { _eq: name } } : null;
    if (!one) return null;
    const where = { _and: [...this.#run._and, one] };
    const found = (await ask(LogHits, { where, order: ASCENDING, limit: 1 }, { signal })).log[0];
    return found ? placed(found) : null;
  }

  /** The line that was gone to, as it is named in the window. */
  target: string | null = null;
  /** The name of the line that was to be gone to and is not there. */
  absent = $state("");

  /** What was told while a page was on its way may be newer than the page: it is asked for when that is there. */
  #owed: { isFollowed: boolean } | null = null;

  get #isComing(): boolean {
    return this.status === "first" || this.busy === "all";
  }

  /** Ask for the newest lines once more, for what was written before the events were followed. */
  async catchUp(isFollowed: boolean): Promise<void> {
    if (this.#isComing) {
      this.#owed = { isFollowed };
      return;
    }
    const { signal } = this.#given;
    try {
      const found = await this.#page(this.#where, true, 100, signal);
      if (!signal.aborted) this.tail(found, isFollowed, found.length === 100);
    } catch {
      // The events go on; what is missing is seen with the next page.
    }
  }

  async older(): Promise<void> {
    const first = this.lines.first;
    if (this.busy || !this.hasBefore || !first) return;
    await this.#more("before", async (signal) => {
      const found = await this.#page(beyond(this.#where, first, true), true, PAGE_LINES, signal);
      return () => this.lines.before(found, found.length < PAGE_LINES);
    });
  }

  async newer(): Promise<void> {
    const last = this.lines.last;
    if (this.busy || !this.hasAfter || !last) return;
    await this.#more("after", async (signal) => {
      const found = await this.#page(beyond(this.#where, last, false), false, PAGE_LINES, signal);
      return () => this.lines.after(found, found.length < PAGE_LINES);
    });
  }

  /** Take in lines that were just written, in order; `isFollowed`: whoever looks sees them come. */
  tail(newest: readonly Line[], isFollowed: boolean, mayHaveGap: boolean): void {
    if (newest.length === 0) return;
    if (this.#isComing) {
      this.#owed = { isFollowed };
      return;
    }
    if (this.lines.hasAfter) {
      const last = this.missedLast ?? this.lines.last?.timestamp ?? "";
      this.#miss(newest.filter((line) => line.timestamp > last));
      this.missedLast = newest.at(-1)?.timestamp ?? last;
      return;
    }
    if (mayHaveGap && this.lines.length > 0 && !newest.some((line) => this.lines.has(line.id))) {
      if (isFollowed) void this.end();
      else {
        this.lines.hasAfter = true;
        this.#miss(newest);
        this.#shown();
      }
      return;
    }
    let fresh: Line[] = [];
    const change = () => {
      fresh = this.lines.tail(newest);
      if (fresh.length > 0) this.#shown();
    };
    this.keep(change);
    if (!isFollowed) this.#miss(fresh);
    const query = this.hits?.query.toLowerCase();
    if (this.hits && query) {
      const matching = fresh.filter((line) => line.message?.toLowerCase().includes(query));
      if (matching.length > 0) this.hits = { ...this.hits, places: [...this.hits.places, ...matching] };
    }
  }

  private missedLast: string | null = null;

  /** Everything is seen again. */
  seen(): void {
    if (this.missed.lines > 0) this.missed = { lines: 0, errors: 0 };
    this.missedLast = null;
  }

  /** Find where a text stands: the newest places, in order. Aborted by the next search. */
  async search(where: LogWhere, query: string, signal: AbortSignal): Promise<void> {
    if (!query) {
      this.hits = null;
      return;
    }
    const found = (await ask(LogHits, { where, order: DESCENDING, limit: MOST_HITS + 1 }, { signal })).log;
    const hasMore = found.length > MOST_HITS;
    this.hits = { places: (hasMore ? found.slice(0, MOST_HITS) : found).reverse().map(placed), hasMore, query };
  }

  /** Find the next line behind (or before) a place that fits, anywhere in the log. */
  async find(where: LogWhere, from: Place | null, back: boolean): Promise<Place | null> {
    const asked = from ? beyond(where, from, back) : where;
    const found = (await ask(LogHits, { where: asked, order: back ? DESCENDING : ASCENDING, limit: 1 })).log[0];
    return found ? placed(found) : null;
  }

  #miss(lines: readonly Line[]): void {
    if (lines.length === 0) return;
    this.missed = {
      lines: this.missed.lines + lines.length,
      errors: this.missed.errors + lines.filter(isError).length,
    };
  }

  async #page(where: LogWhere, back: boolean, limit: number, signal: AbortSignal): Promise<Line[]> {
    const answer = await ask(LogPage, { where, order: back ? DESCENDING : ASCENDING, limit }, { signal });
    const found = answer.log.map(placed);
    return back ? found.reverse() : found;
  }

  async #whole(load: (signal: AbortSignal) => Promise<() => void>): Promise<void> {
    this.#given.abort(new DOMException("Given up", "AbortError"));
    this.#given = new AbortController();
    await this.#load("all", load, (change) => change());
    const owed = this.#owed;
    if (!owed || this.#isComing || this.error) return;
    this.#owed = null;
    await this.catchUp(owed.isFollowed);
  }

  async #more(side: "before" | "after", load: (signal: AbortSignal) => Promise<() => void>): Promise<void> {
    await this.#load(side, load, (change) => this.keep(change));
  }

  async #load(
    what: "before" | "after" | "all",
    load: (signal: AbortSignal) => Promise<() => void>,
    apply: (change: () => void) => void,
  ): Promise<void> {
    const { signal } = this.#given;
    this.busy = what;
    try {
      const change = await load(signal);
      if (signal.aborted) return;
      apply(() => {
        change();
        this.#shown();
      });
      this.status = "ready";
      this.error = null;
    } catch (error) {
      if (signal.aborted) return;
      this.error = error instanceof ApiError ? error : new ApiError(String(error), "ERROR");
    } finally {
      if (!signal.aborted) this.busy = "";
    }
  }

  #shown(): void {
    this.blocks = this.lines.blocks;
    this.hasBefore = this.lines.hasBefore;
    this.hasAfter = this.lines.hasAfter;
  }

  /** Nobody looks any more. */
  close(): void {
    this.#given.abort(new DOMException("Given up", "AbortError"));
  }
}
