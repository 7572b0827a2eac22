import { untrack } from "svelte";
import { ApiError, ask, plainly } from "./ask";
import { clock } from "./clock.svelte";
import type { Doc } from "./doc";
import { session } from "./session.svelte";
import { connection } from "./socket.svelte";

/** So many answers of left screens are kept, so that Back is drawn at once. */
const KEPT = 40;
const POLL_MS = 5_000;
/** A page that nobody has seen for so long is asked for nothing more. */
const ASLEEP_MS = 60_000;

const kept = new Map<string, { value: unknown; at: number }>();

function remember(key: string, value: unknown, at: number): void {
  kept.delete(key);
  kept.set(key, { value, at });
  if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
}

/** Forget every kept answer, as after a log-in or in another tenant. */
export function forget(): void {
  kept.clear();
}

function variablesOf(key: string): string {
  return key.slice(key.search(/[{[]/));
}

/** What a screen holds of one question: the newest whole answer, and how new it is. */
export class Live<Answer> {
  value = $state.raw<Answer | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** `first`: nothing yet; `live`: followed or just asked; `stale`: an older answer is shown. */
  status = $state<"first" | "live" | "stale">("first");
  /** When the answer came, in the server's time; 0 before. */
  at = $state(0);
  /** Which variables the value answers, as JSON: older ones while the new answer is on its way. */
  of = $state("");
  #again = $state(0);

  /** Ask once more, as after a change or a fault. */
  again = (): void => {
    this.#again += 1;
  };

  /** For the effect that asks. */
  get turn(): number {
    return this.#again;
  }

  take(key: string, value: Answer): void {
    this.value = value;
    this.of = variablesOf(key);
    this.error = null;
    this.status = "live";
    this.at = clock.exact();
    remember(key, value, this.at);
  }

  fail(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    this.error =
      error instanceof ApiError ? error : new ApiError(error instanceof Error ? error.message : String(error), "ERROR");
    if (this.value !== null) this.status = "stale";
  }

  /** Show what was kept of this question, until the answer is there. */
  recall(key: string): void {
    const before = kept.get(key) as { value: Answer; at: number } | undefined;
    if (!before) return;
    this.value = before.value;
    this.of = variablesOf(key);
    this.at = before.at;
    this.status = "stale";
  }
}

type Question<Variables> = () => Variables | null;

/** Ask whenever the variables change (null: not now); the old answer stays until the new one is there.
 *
 * `every` asks again after so many milliseconds while the page is seen.
 */
export function asked<Answer, Variables>(
  doc: Doc<Answer, Variables>,
  question: Question<Variables>,
  options: { every?: number } = {},
): Live<Answer> {
  return asking(doc.name, question, (variables, signal) => ask(doc, variables, { signal }), options);
}

/** As `asked`, one question for each of the variables, all in one request: the answers in their order. */
export function askedEach<Answer, Variables>(
  doc: Doc<Answer, Variables>,
  questions: Question<Variables[]>,
  options: { every?: number } = {},
): Live<Answer[]> {
  return asking(
    `each ${doc.name}`,
    questions,
    (each, signal) => Promise.all(each.map((variables) => ask(doc, variables, { signal }))),
    options,
  );
}

function asking<Answer, Variables>(
  name: string,
  question: Question<Variables>,
  put: (variables: Variables, signal: AbortSignal) => Promise<Answer>,
  options: { every?: number },
): Live<Answer> {
  const live = new Live<Answer>();
  let before = "";
  $effect(() => {
    const variables = question();
    void [live.turn, session.turn];
    if (variables === null) return;
    const key = `${session.tenant?.id}:${name}:${JSON.stringify(variables)}`;
    if (key !== before) untrack(() => live.recall(key));
    before = key;
    const given = new AbortController();
    const again = async () => {
      try {
        live.take(key, await put(variables, given.signal));
      } catch (error) {
        if (!given.signal.aborted) live.fail(error);
      }
    };
    untrack(() => void again());
    const timer = options.every
      ? setInterval(() => document.visibilityState === "visible" && void again(), options.every)
      : undefined;
    return () => {
      clearInterval(timer);
      given.abort(new DOMException("Given up", "AbortError"));
    };
  });
  return live;
}

/** Follow the answer to a question: asked first, then told by the socket whenever it changes.
 *
 * While no socket can be had, it is asked every five seconds. A page that is not seen for a minute follows nothing
 * unless `always`, and catches up when it is seen again.
 */
export function followed<Answer, Variables>(
  doc: Doc<Answer, Variables>,
  question: Question<Variables>,
  options: { always?: boolean } = {},
): Live<Answer> {
  const live = new Live<Answer>();
  const awake = wakefulness(options.always ?? false);
  let before = "";
  // By value: a new answer that leads to the same question does not begin it anew.
  const written = $derived.by(() => {
    const variables = question();
    return variables === null ? null : JSON.stringify(variables);
  });
  $effect(() => {
    const text = written;
    const polling = connection.state === "polling";
    void [live.turn, session.turn];
    if (text === null || !awake.value || session.login !== null) return;
    const variables = JSON.parse(text) as Variables;
    const key = `${session.tenant?.id}:${doc.name}:${text}`;
    if (key !== before) untrack(() => live.recall(key));
    before = key;
    const given = new AbortController();
    const once = async () => {
      try {
        const answer = await ask(plainly(doc), variables, { signal: given.signal });
        // What the socket told in between is newer.
        if (live.status !== "live" || polling) live.take(key, answer);
      } catch (error) {
        if (!given.signal.aborted && live.status !== "live") live.fail(error);
      }
    };
    untrack(() => {
      if (live.status === "live") live.status = "stale";
      if (!connection.isOpen) void once();
    });
    const end = untrack(() =>
      connection.follow(
        doc,
        variables,
        (answer) => live.take(key, answer),
        (message, code) => live.fail(new ApiError(message, code)),
      ),
    );
    const timer = polling ? setInterval(() => void once(), POLL_MS) : undefined;
    return () => {
      end();
      clearInterval(timer);
      given.abort(new DOMException("Given up", "AbortError"));
    };
  });
  return live;
}

/** Whether the page is looked at, or was within the last minute. */
export function wakefulness(always: boolean): { readonly value: boolean } {
  let value = $state(true);
  if (!always) {
    $effect(() => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const look = () => {
        clearTimeout(timer);
        if (document.visibilityState === "visible") value = true;
        else timer = setTimeout(() => (value = false), ASLEEP_MS);
      };
      look();
      document.addEventListener("visibilitychange", look);
      return () => {
        clearTimeout(timer);
        document.removeEventListener("visibilitychange", look);
      };
    });
  }
  return {
    get value() {
      return value;
    },
  };
}
