import { ApiError } from "../../data/ask";

/** Take the answer of a change: whoever says no success says why. */
export function succeed(answer: { success: boolean | null; error: string | null } | null | undefined): void {
  if (!answer?.success) throw new ApiError(answer?.error ?? "The server did not do it and said no reason.", "ERROR");
}
