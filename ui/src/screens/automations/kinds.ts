import { STATES, word } from "../../words/states";

/** What a configuration asks of a person: a name of the API, its words, and how it is read. */
export interface Wish {
  name: string;
  label: string;
  kind: "text" | "long" | "list" | "secret" | "severity" | "flow" | "json";
  required: boolean;
  hint: string;
}

const wish = (name: string, label: string, kind: Wish["kind"], required: boolean, hint = ""): Wish => ({
  name,
  label,
  kind,
  required,
  hint,
});

const URL_WISH = wish("url", "Address", "secret", true, "https://example.com/hook");
const MESSAGE = wish("message", "Message", "long", false, "{flow_name}: {flow_run_name} is {state}. {state_message}");
const TWILIO = [
  wish("account_sid", "Account SID", "text", true),
  wish("auth_token", "Token", "secret", true),
  wish("messaging_service_sid", "Messaging service SID", "text", true),
  wish("to", "Numbers, one a line", "list", true, "+4930123456"),
];
const PAGERDUTY = [
  wish("api_token", "API token", "secret", true),
  wish("routing_key", "Routing key", "secret", true),
  wish("severity", "Severity", "severity", true),
];
const FLOW = wish("flow_group_id", "Flow (the one it happened to, if none)", "flow", false);

/** What an automation can do, in the words of a sentence. */
export const DEEDS: Record<string, { words: string; wishes: Wish[] }> = {
  MESSAGE: { words: "leave a message in the inbox", wishes: [MESSAGE] },
  SLACK: { words: "write to Slack", wishes: [URL_WISH, MESSAGE] },
  TEAMS: { words: "write to Teams", wishes: [URL_WISH, MESSAGE] },
  WEBHOOK: { words: "call an address", wishes: [URL_WISH, MESSAGE] },
  EMAIL: {
    words: "send mail",
    wishes: [
      wish("to", "Addresses, one a line", "list", true, "ops@example.com"),
      wish("subject", "Subject", "text", false, "{flow_name} is {state}"),
      MESSAGE,
    ],
  },
  PAGERDUTY: { words: "open an incident in PagerDuty", wishes: [...PAGERDUTY, MESSAGE] },
  TWILIO: { words: "send a text message", wishes: [...TWILIO, MESSAGE] },
  CANCEL_RUN: { words: "cancel the run", wishes: [] },
  START_RUN: {
    words: "start a run",
    wishes: [
      FLOW,
      wish("parameters", "Parameters (JSON)", "json", false, '{"limit": 500}'),
      wish("labels", "Labels, one a line", "list", false, "eu"),
      wish("name", "Name of the run", "text", false, "after {flow_run_name}"),
    ],
  },
  PAUSE_SCHEDULE: { words: "switch the schedule off", wishes: [FLOW] },
};

export const CLOUD_HOOKS: Record<string, { words: string; wishes: Wish[] }> = {
  PREFECT_MESSAGE: { words: "leave a message in the inbox", wishes: [] },
  SLACK_WEBHOOK: { words: "write to Slack", wishes: [URL_WISH] },
  WEBHOOK: { words: "call an address", wishes: [URL_WISH] },
  PAGERDUTY: { words: "open an incident in PagerDuty", wishes: PAGERDUTY },
  TWILIO: { words: "send a text message", wishes: TWILIO },
};

export const SEVERITIES = ["info", "warning", "error", "critical"] as const;

/** What a form shows of a configuration that is there: its lists by line, and no secret, which is never read. */
export function givenOf(wishes: readonly Wish[], config: Record<string, unknown>): Record<string, string> {
  const shown = wishes.filter((one) => one.kind !== "secret" && (config[one.name] ?? null) !== null);
  return Object.fromEntries(
    shown.map((one) => {
      const value = config[one.name];
      return [one.name, Array.isArray(value) ? value.map(String).join("\n") : String(value)];
    }),
  );
}

/** Turn what was typed into a configuration; throws what is missing or cannot be read.
 *
 * `kept`: of one that is there, whose secrets stay as they are while nothing is typed for them.
 */
export function configOf(
  wishes: readonly Wish[],
  given: Record<string, string>,
  kept = false,
): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const one of wishes) {
    const text = (given[one.name] ?? "").trim();
    if (!text) {
      if (one.required && !(kept && one.kind === "secret")) throw new Error(`${one.label} is needed.`);
      continue;
    }
    if (one.kind === "list") {
      config[one.name] = text
        .split(/[\n,]/)
        .map((line) => line.trim())
        .filter(Boolean);
    } else if (one.kind === "json") {
      try {
        config[one.name] = JSON.parse(text) as unknown;
      } catch (error) {
        throw new Error(`${one.label}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    } else config[one.name] = text;
  }
  return config;
}

const KNOWN = new Map(STATES.map((name) => [name.toUpperCase(), name]));

/** The names of states as the rest of the page writes them, from those that hooks keep in capitals. */
export function statesOf(states: unknown): string[] {
  const all = Array.isArray(states) ? states.map(String) : [];
  return all.map((one) => KNOWN.get(one.toUpperCase()) ?? one);
}

/** "Failed or Timed out". */
export function statesSaid(states: unknown): string {
  const named = statesOf(states).map(word);
  return named.length < 2 ? (named[0] ?? "anything") : `${named.slice(0, -1).join(", ")} or ${named.at(-1) ?? ""}`;
}

/** What may be heard of, in the order of the builder: first what most want to hear. */
export const HEARD: readonly string[] = [
  ...["Failed", "TimedOut", "Success", "Cancelled", "Running", "Submitted", "Scheduled", "Paused"],
  ...["Retrying", "Pending", "Queued", "Cancelling", "Finished", "Skipped", "Cached"],
];

/** "5 min", "1 h": seconds that a person set. */
export function secondsSaid(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`;
  if (seconds % 60 === 0) return `${seconds / 60} min`;
  return `${seconds} s`;
}

interface Hook {
  event_type: string;
  event_tags: unknown;
}
interface Names {
  flow: (id: string) => string;
  agent: (id: string) => string;
  sla: (id: string) => { kind: string; seconds: number; flows: string[] } | null;
}

/** The first half of an automation as a sentence: when it happens. */
export function whenSaid(hook: Hook, names: Names): string {
  const tags = (hook.event_tags ?? {}) as Record<string, unknown>;
  const ids = (name: string) => (Array.isArray(tags[name]) ? (tags[name] as unknown[]).map(String) : []);
  const joined = (all: string[], none: string) =>
    all.length === 0
      ? none
      : all.length > 3
        ? `${all.slice(0, 2).join(", ")} or ${all.length - 2} more`
        : all.join(" or ");
  if (hook.event_type === "FLOW_SLA_FAILED") {
    const sla = names.sla(String(tags["sla_config_id"] ?? ids("sla_config_ids")[0] ?? ""));
    if (!sla) return "When a run breaks its time limit";
    const what = sla.kind === "SCHEDULED_NOT_STARTED" ? "has not started" : "has not ended";
    return `When a run of ${joined(sla.flows, "no flow yet")} ${what} after ${secondsSaid(sla.seconds)}`;
  }
  if (hook.event_type === "AGENT_SLA_FAILED") {
    const seconds = Number(tags["duration_seconds"] ?? 0);
    return `When ${joined(ids("agent_ids").map(names.agent), "any agent")} asks for no work for ${secondsSaid(seconds)}`;
  }
  const groups = ids("flow_group_ids");
  return `When a run of ${joined(groups.map(names.flow), "any flow")} becomes ${statesSaid(tags["states"])}`;
}
