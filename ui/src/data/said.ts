import { ApiError } from "./ask";

/** Take an answer of the API that says whether it was done; throws what it says when it was not. */
export function done(answer: { success: boolean | null; error?: string | null } | null | undefined): void {
  if (!answer?.success) throw new ApiError(answer?.error || "It was not done: it is there no more.", "REFUSED");
}

/** Take the answers to changes of state; throws the first refusal. */
export function changed(
  answer: { states: { status: string | null; message: string | null }[] | null } | null | undefined,
): void {
  const refused = answer?.states?.find((one) => one.status !== "SUCCESS" && one.status !== "QUEUED");
  if (!answer?.states?.length || refused) throw new ApiError(refused?.message || "The change was refused.", "REFUSED");
}
