/** The states of 1.x, in families that share a shape and a colour. */
export type Family = "success" | "failed" | "running" | "waiting" | "retry" | "held" | "ended" | "mapped";

const FAMILIES: Record<string, Family> = {
  Success: "success",
  Cached: "success",
  Skipped: "success",
  Failed: "failed",
  TimedOut: "failed",
  TriggerFailed: "failed",
  Running: "running",
  Submitted: "running",
  ClientFailed: "failed",
  Scheduled: "waiting",
  Pending: "waiting",
  Queued: "waiting",
  Resume: "waiting",
  Retrying: "retry",
  Looped: "retry",
  Paused: "held",
  Cancelled: "ended",
  Cancelling: "ended",
  Finished: "ended",
  Mapped: "mapped",
};

const WORDS: Record<string, string> = {
  TimedOut: "Timed out",
  TriggerFailed: "Trigger failed",
  ClientFailed: "Client failed",
};

/** All states that a flow run or a task run may have, in the order in which lists show them. */
export const STATES: readonly string[] = Object.keys(FAMILIES).filter((name) => name !== "ClientFailed");
export const FAILED = ["Failed", "TimedOut", "TriggerFailed"] as const;
export const ENDED = [
  "Success",
  "Failed",
  "Cancelled",
  "TimedOut",
  "TriggerFailed",
  "Skipped",
  "Cached",
  "Finished",
] as const;

export function family(state: string | null | undefined): Family {
  return FAMILIES[state ?? ""] ?? "waiting";
}

export function word(state: string | null | undefined): string {
  return WORDS[state ?? ""] ?? state ?? "No state";
}

/** Whether nothing follows by itself. */
export function hasEnded(state: string | null | undefined): boolean {
  return (ENDED as readonly string[]).includes(state ?? "");
}

export function hasFailed(state: string | null | undefined): boolean {
  return (FAILED as readonly string[]).includes(state ?? "");
}

/** The families in the order of a bar or a list of counts, with a word for each. */
export const FAMILY_WORDS: readonly (readonly [Family, string])[] = [
  ["success", "done"],
  ["failed", "failed"],
  ["running", "running"],
  ["retry", "retrying"],
  ["held", "held"],
  ["waiting", "waiting"],
  ["mapped", "mapped"],
  ["ended", "ended"],
];
