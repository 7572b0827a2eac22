import { DropDocument, KeepDocument, KeptDocuments } from "../operations/kept.gen";
import { ask, mutate } from "./ask";
import { done } from "./said";
import { session } from "./session.svelte";

/** What this person keeps on the server, or everybody of the tenant: small documents, by kind and name. */
export interface Kept {
  name: string;
  value: unknown;
}

/** Names longer than this are not kept by the server. */
export const LONGEST_KEPT_NAME = 200;

export async function keptOf(kind: string): Promise<Kept[]> {
  return (await ask(KeptDocuments, { kind, shared: false })).documents;
}

/** Keep a document in place of the one of that name; throws when the server refuses. */
export async function keep(
  kind: string,
  name: string,
  value: unknown,
  more: { shared?: boolean; expires_at?: string } = {},
): Promise<void> {
  // A key that may only look is not asked for what it may not.
  if (!session.may("run")) throw new Error("This key may not keep anything on the server.");
  done((await mutate(KeepDocument, { input: { kind, name, value, ...more } })).set_document);
}

/** Forget a document; that it is gone already is no fault. */
export async function drop(kind: string, name: string, shared = false): Promise<void> {
  await mutate(DropDocument, { input: { kind, name, shared } });
}
