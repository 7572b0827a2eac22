import { createClient, type Client } from "graphql-ws";
import type { Doc } from "./doc";
import { clock } from "./clock.svelte";
import { session } from "./session.svelte";
import { url } from "./url";

const PING_MS = 15_000;
const PONG_MS = 5_000;
/** So long without a connection before a person is told. */
const QUIET_MS = 2_000;
/** After so many failures in a row screens ask by plain requests. */
const GIVE_UP = 3;

/** The one socket of this tab, and what is known of it. */
class Connection {
  state = $state<"first" | "live" | "away" | "polling">("first");
  /** When the last word came, in the server's time. */
  at = $state(0);
  /** Counts new connections, so that whoever asked by other means asks again. */
  turn = $state(0);
  /** The server's version, as it said when the connection was made. */
  version = $state("");

  #client: Client | null = null;
  #socket: WebSocket | null = null;
  #failures = 0;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #pong: ReturnType<typeof setTimeout> | undefined;

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Follow a document; gives what ends it. `next` gets each whole answer, `fail` an error that ended it. */
  follow<Answer, Variables>(
    doc: Doc<Answer, Variables>,
    variables: Variables,
    next: (answer: Answer) => void,
    fail: (message: string, code: string) => void,
  ): () => void {
    const query = doc.kind === "query" ? doc.text.replace(/^query\b/, "subscription") : doc.text;
    return this.#open().subscribe<Answer>(
      { query, operationName: doc.name, variables: variables as Record<string, unknown> },
      {
        next: (result) => {
          this.#heard();
          const error = result.errors?.[0];
          if (error) fail(error.message, String(error.extensions?.["code"] ?? "ERROR"));
          else if (result.data) next(result.data);
        },
        error: (error) => {
          const first = Array.isArray(error) ? (error[0] as { message: string; extensions?: { code?: string } }) : null;
          if (first) fail(first.message, first.extensions?.code ?? "ERROR");
        },
        complete: () => {},
      },
    );
  }

  /** End everything; the next `follow` connects anew, with the key and tenant of then. */
  close(): void {
    // One that is just being made may fail meanwhile: whoever follows anything has heard of it.
    void Promise.resolve(this.#client?.dispose()).catch(() => {});
    this.#client = null;
    this.#socket = null;
  }

  /** Do not believe a socket that slept. */
  check(): void {
    if (!this.#client) return;
    if (this.isOpen) {
      this.#socket?.send('{"type":"ping"}');
      this.#expect();
    }
  }

  #open(): Client {
    if (this.#client) return this.#client;
    const made = createClient({
      url: url("graphql").replace(/^http/, "ws"),
      lazy: true,
      lazyCloseTimeout: 5_000,
      keepAlive: PING_MS,
      connectionAckWaitTimeout: 10_000,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => session.login === null,
      retryWait: (retries) =>
        new Promise((done) => setTimeout(done, Math.min(15_000, 300 * 2 ** retries) * (0.7 + Math.random() * 0.6))),
      connectionParams: () => session.headers(),
      on: {
        connected: (socket, payload) => {
          const told = (payload as { api?: { version?: unknown } } | undefined)?.api?.version;
          if (typeof told === "string") this.version = told;
          this.#socket = socket as WebSocket;
          this.#failures = 0;
          this.#heard();
          this.turn += 1;
        },
        closed: (event) => {
          // What becomes of one that was left is nobody's business any more.
          if (made !== this.#client) return;
          this.#socket = null;
          const code = (event as CloseEvent | undefined)?.code;
          if (code === 4401 || code === 4403) session.login ??= "This key is not taken any more.";
          this.#failures += 1;
          clearTimeout(this.#pong);
          clearTimeout(this.#quiet);
          // Closed by ourselves because nobody follows anything: nothing is wrong.
          if (code === 1000) return;
          this.#quiet = setTimeout(() => {
            if (!this.isOpen) this.state = this.#failures >= GIVE_UP ? "polling" : "away";
          }, QUIET_MS);
          if (this.#failures >= GIVE_UP) this.state = "polling";
        },
        ping: (received) => {
          if (!received) this.#expect();
        },
        pong: (received) => {
          if (received) this.#heard();
        },
        message: () => this.#heard(),
      },
    });
    this.#client = made;
    return made;
  }

  #heard(): void {
    clearTimeout(this.#pong);
    clearTimeout(this.#quiet);
    this.at = clock.heard = clock.exact();
    if (this.state !== "live") this.state = "live";
  }

  #expect(): void {
    clearTimeout(this.#pong);
    this.#pong = setTimeout(() => {
      if (this.isOpen) this.#client?.terminate();
    }, PONG_MS);
  }
}

export const connection = new Connection();

for (const event of ["online", "pageshow"] as const) addEventListener(event, () => connection.check());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") connection.check();
});
