import { untrack } from "svelte";
import { ask, plainly } from "./ask";
import type { Doc } from "./doc";
import { wakefulness } from "./live.svelte";
import { session } from "./session.svelte";
import { connection } from "./socket.svelte";

interface Told {
  flow_run_events: {
    cursor: number | null;
    task_run_cursor: string | null;
    has_more: boolean | null;
    events: unknown;
  } | null;
}

interface From {
  id: string;
  after: number;
  since?: string | null;
}

const POLL_MS = 5_000;
/** The events begin with what comes from now on. */
const FROM_NOW = -1;

/** Follow the events of a run, from now on or after a place among its task runs; after a break it goes on where it was.
 *
 * `question` gives the run, or null while nothing is to be followed. `take` gets each batch; `isFirst` with the first
 * answer, when it is known where "now" was.
 */
export function events<Event>(
  doc: Doc<Told, From>,
  question: () => { id: string; since?: string | null } | null,
  take: (events: Event[], isFirst: boolean) => void,
): void {
  const awake = wakefulness(false);
  let run = "";
  let after = FROM_NOW;
  let since: string | null = null;
  let isFirst = true;

  const told = (answer: Told) => {
    const found = answer.flow_run_events;
    if (!found) return;
    after = found.cursor ?? after;
    since = found.task_run_cursor ?? since;
    take(Array.isArray(found.events) ? (found.events as Event[]) : [], isFirst);
    isFirst = false;
  };

  // By value: a new answer that leads to the same question does not begin it anew.
  const written = $derived.by(() => {
    const wanted = question();
    return wanted === null ? null : JSON.stringify(wanted);
  });
  $effect(() => {
    const asked = written === null ? null : (JSON.parse(written) as { id: string; since?: string | null });
    const polling = connection.state === "polling";
    // After a break the socket would begin anew where it first began.
    void connection.turn;
    if (asked === null || !awake.value || session.login !== null) return;
    if (asked.id !== run) [run, after, since, isFirst] = [asked.id, FROM_NOW, asked.since ?? null, true];
    since ??= asked.since ?? null;
    const variables = (): From => ({ id: run, after, since });
    const given = new AbortController();
    const poll = async () => {
      try {
        for (let more = true; more && !given.signal.aborted;) {
          const answer = await ask(plainly(doc), variables(), { signal: given.signal });
          told(answer);
          more = answer.flow_run_events?.has_more ?? false;
        }
      } catch {
        // Asked again; what is shown says how old it is.
      }
    };
    const end = untrack(() =>
      polling
        ? () => {}
        : connection.follow(doc, variables(), told, () => {
            // The head of the screen tells what is wrong.
          }),
    );
    if (polling) untrack(() => void poll());
    const timer = polling ? setInterval(() => void poll(), POLL_MS) : undefined;
    return () => {
      end();
      clearInterval(timer);
      given.abort(new DOMException("Given up", "AbortError"));
    };
  });
}
