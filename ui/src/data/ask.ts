import { clock } from "./clock.svelte";
import type { Doc } from "./doc";
import { session } from "./session.svelte";
import { url } from "./url";

/** What went wrong, in words for a person, and the id under which the server's log knows it. */
export class ApiError extends Error {
  constructor(
    message: string,
    /** The code of the API, or `NETWORK`, `UNAVAILABLE`, `UNAUTHENTICATED`. */
    readonly code: string,
    readonly path: string | null = null,
    readonly requestId: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

interface Waiting {
  doc: Doc<unknown, unknown>;
  variables: unknown;
  signal: AbortSignal | undefined;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

interface Answered {
  data?: unknown;
  errors?: { message: string; path?: (string | number)[]; extensions?: { code?: string } }[];
}

/** The server takes at most this many operations in one request. */
const MOST = 25;

let queue: Waiting[] = [];

/** Answers that nobody has taken yet, by their question. */
const ahead = new Map<string, { answer: Promise<unknown>; at: number }>();
/** A screen that comes later than this asks anew. */
const AHEAD_MS = 5_000;

const keyOf = (doc: { name: string }, variables: unknown) => `${doc.name}:${JSON.stringify(variables)}`;

/** Ask what a screen will ask first, while it is still asked who looks: whoever then asks the same gets this answer.
 *
 * It is asked for the tenant that the key (or the server) chooses: `dropAhead` when the address names another.
 */
export function askAhead<Answer, Variables>(doc: Doc<Answer, Variables>, variables: Variables): void {
  const answer = ask(plainly(doc), variables);
  const key = keyOf(doc, variables);
  // What goes wrong now may go well when it is asked for.
  answer.catch(() => ahead.delete(key));
  ahead.set(key, { answer, at: performance.now() });
}

export function dropAhead(): void {
  ahead.clear();
}

/** Give a document that is followed as one that is asked once. */
export function plainly<Answer, Variables>(doc: Doc<Answer, Variables>): Doc<Answer, Variables> {
  return doc.kind === "subscription" ? { ...doc, text: doc.text.replace(/^subscription\b/, "query") } : doc;
}

function takeAhead(doc: Doc<never, never>, variables: unknown): Promise<unknown> | null {
  if (ahead.size === 0) return null;
  const key = keyOf(doc, variables);
  const found = ahead.get(key);
  ahead.delete(key);
  return found && performance.now() - found.at < AHEAD_MS ? found.answer : null;
}

/** Ask one question; those of the same tick travel in one request.
 *
 * Throws ApiError; an abort by `signal` throws its reason.
 */
export function ask<Answer, Variables>(
  doc: Doc<Answer, Variables>,
  variables: Variables,
  options: { signal?: AbortSignal } = {},
): Promise<Answer> {
  const early = takeAhead(doc as Doc<never, never>, variables) as Promise<Answer> | null;
  if (early) return early;
  return new Promise<Answer>((resolve, reject) => {
    queue.push({
      doc: doc as Doc<unknown, unknown>,
      variables,
      signal: options.signal,
      resolve: resolve as (value: unknown) => void,
      reject,
    });
    if (queue.length === 1) queueMicrotask(flush);
  });
}

/** Ask who looks, for no tenant: that of before may not be one of the key that was just shown. */
export async function askWho<Answer, Variables>(doc: Doc<Answer, Variables>, variables: Variables): Promise<Answer> {
  // Asked before anything was drawn, when there was no tenant yet.
  const early = takeAhead(doc as Doc<never, never>, variables) as Promise<Answer> | null;
  if (early) return early;
  const turn = session.turn;
  const [answer, requestId] = await post(bodyOf(doc, variables), undefined, {});
  return dataOf(answer as Answered, requestId, turn) as Answer;
}

/** Tell the server to do something: as `ask`, but never in one request with others, so that each stands for itself. */
export async function mutate<Answer, Variables>(doc: Doc<Answer, Variables>, variables: Variables): Promise<Answer> {
  const turn = session.turn;
  const [answer, requestId] = await post(bodyOf(doc, variables), undefined);
  return dataOf(answer as Answered, requestId, turn) as Answer;
}

function bodyOf(doc: Doc<never, never> | Doc<unknown, unknown>, variables: unknown): object {
  return { query: doc.text, operationName: doc.name, variables };
}

function flush(): void {
  const all = queue;
  queue = [];
  for (let at = 0; at < all.length; at += MOST) void send(all.slice(at, at + MOST));
}

async function send(group: Waiting[]): Promise<void> {
  const asked = group.filter((one) => {
    if (one.signal?.aborted) one.reject(one.signal.reason);
    return !one.signal?.aborted;
  });
  if (asked.length === 0) return;
  // One that is given up ends the request only when it is alone in it.
  const signal = asked.length === 1 ? asked[0]?.signal : undefined;
  for (const one of asked) one.signal?.addEventListener("abort", () => one.reject(one.signal?.reason), { once: true });
  const turn = session.turn;
  try {
    const bodies = asked.map((one) => bodyOf(one.doc, one.variables));
    const [answer, requestId] = await post(bodies.length === 1 ? (bodies[0] as object) : bodies, signal);
    const answers = (Array.isArray(answer) ? answer : [answer]) as Answered[];
    asked.forEach((one, index) => {
      try {
        one.resolve(dataOf(answers[index] ?? {}, requestId, turn));
      } catch (error) {
        one.reject(error);
      }
    });
  } catch (error) {
    for (const one of asked) one.reject(error);
  }
}

/** Somebody must log in, unless that was done since the request was sent. */
function logIn(why: string, turn: number): void {
  if (turn === session.turn) session.login ??= why;
}

function dataOf(answer: Answered, requestId: string | null, turn: number): unknown {
  const error = answer.errors?.[0];
  if (error) {
    const code = error.extensions?.code ?? "ERROR";
    if (code === "UNAUTHENTICATED") logIn(error.message, turn);
    throw new ApiError(error.message, code, error.path?.join(".") ?? null, requestId);
  }
  return answer.data;
}

async function post(
  body: object,
  signal: AbortSignal | undefined,
  more = session.headers(),
): Promise<[unknown, string | null]> {
  const turn = session.turn;
  let response: Response;
  try {
    response = await fetch(url("graphql"), {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", ...more },
      body: JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("The server cannot be reached. Nothing was changed; it is asked again by itself.", "NETWORK");
  }
  const requestId = response.headers.get("X-Request-ID");
  const date = response.headers.get("Date");
  if (date) clock.correct(Date.parse(date));
  clock.heard = clock.exact();
  if (response.status === 401) {
    logIn("This server asks for an API key.", turn);
    throw new ApiError("This server asks for an API key.", "UNAUTHENTICATED", null, requestId);
  }
  let answer: unknown;
  try {
    answer = await response.json();
  } catch {
    throw new ApiError(`The server answered ${response.status} without a word.`, "UNAVAILABLE", null, requestId);
  }
  if (!response.ok && !Array.isArray(answer)) {
    const said = (answer as Answered | null)?.errors?.[0];
    if (!said || response.status === 503) {
      throw new ApiError(
        said?.message ?? `The server answered ${response.status}.`,
        response.status === 503 ? "UNAVAILABLE" : (said?.extensions?.code ?? "ERROR"),
        null,
        requestId,
      );
    }
  }
  return [answer, requestId];
}
