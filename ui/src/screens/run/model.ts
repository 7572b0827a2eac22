import type { RunHeadSubscription } from "../../operations/run.gen";

/** The flow run of a page. */
export type Run = NonNullable<RunHeadSubscription["flow_run_by_pk"]>;

/** Give a JSON object, or an empty one for anything else. */
export function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** "prefect.run_configs.local" and the like, as one word. */
export function kindOf(value: unknown): string {
  return String(objectOf(value)["type"] ?? "");
}
