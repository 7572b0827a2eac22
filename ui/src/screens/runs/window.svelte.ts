import { untrack } from "svelte";
import { unfrozen } from "../../data/filters";
import { followed } from "../../data/live.svelte";
import { RunsPage, type RunsPageSubscription, type RunsPageSubscriptionVariables } from "../../operations/runs.gen";

export type Row = RunsPageSubscription["flow_run"][number];
export type Question = Omit<RunsPageSubscriptionVariables, "limit" | "offset">;

/** Rows asked for at once: more than are ever in view. */
const SIZE = 120;
const SPARE = 10;
/** Rows that are kept: those in view and what was seen around them. */
const KEPT = 600;
/** So long the view must rest before it is followed. */
const REST_MS = 60;

/** The rows of a list by their place, of which only the window in view is asked for and followed. */
export class Window {
  rows = $state.raw(new Map<number, Row>());
  start = $state(0);
  #of = "";
  #moved = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly live;

  constructor(question: () => Question | null) {
    this.live = followed(RunsPage, () => {
      const asked = question();
      return asked === null ? null : { ...asked, limit: SIZE, offset: this.start };
    });
    $effect(() => {
      const answer = this.live.value;
      const variables = JSON.parse(this.live.of || "null") as RunsPageSubscriptionVariables | null;
      if (!answer || !variables) return;
      // The same list, though it may be frozen now, or not any more.
      const of = JSON.stringify([unfrozen(variables.where), variables.order]);
      this.#take(answer.flow_run, variables.offset, of === this.#of);
      this.#of = of;
    });
    $effect(() => () => clearTimeout(this.#timer));
  }

  #take(page: Row[], offset: number, same: boolean): void {
    const rows = new Map<number, Row>();
    if (same)
      for (const [index, row] of untrack(() => this.rows)) {
        const near = Math.abs(index - offset) < KEPT / 2;
        if (near && (index < offset || index >= offset + SIZE)) rows.set(index, row);
      }
    page.forEach((row, index) => rows.set(offset + index, row));
    this.rows = rows;
  }

  /** Hear what is in view: the window moves before its edge is reached, and only when the view rests. */
  see(first: number, count: number): void {
    clearTimeout(this.#timer);
    const low = this.start === 0 ? 0 : this.start + SPARE;
    if (first >= low && first + count <= this.start + SIZE - SPARE) return;
    const start = Math.max(0, Math.floor((first + count / 2 - SIZE / 2) / 10) * 10);
    if (start === this.start) return;
    const move = () => {
      this.#moved = Date.now();
      this.start = start;
    };
    // A single jump is answered at once; of many in a row, as by a dragged scroll bar, only where it rests.
    if (Date.now() - this.#moved > 4 * REST_MS) move();
    else this.#timer = setTimeout(move, REST_MS);
  }
}
