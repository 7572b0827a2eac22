/** Cloud hooks: the kinds there are, and what each needs to know. */
export interface HookField {
  name: string;
  words: string;
  /** `list`: several, one a line; `secret`: never shown again. */
  kind: "text" | "url" | "list" | "secret" | "severity";
}

export const KINDS: readonly { type: string; words: string; fields: readonly HookField[] }[] = [
  { type: "WEBHOOK", words: "Web hook", fields: [{ name: "url", words: "Address", kind: "url" }] },
  { type: "SLACK_WEBHOOK", words: "Slack", fields: [{ name: "url", words: "Address of the Slack hook", kind: "url" }] },
  { type: "PREFECT_MESSAGE", words: "Message in the inbox", fields: [] },
  {
    type: "PAGERDUTY",
    words: "PagerDuty",
    fields: [
      { name: "api_token", words: "API token", kind: "secret" },
      { name: "routing_key", words: "Routing key", kind: "secret" },
      { name: "severity", words: "Severity", kind: "severity" },
    ],
  },
  {
    type: "TWILIO",
    words: "Text message (Twilio)",
    fields: [
      { name: "account_sid", words: "Account SID", kind: "text" },
      { name: "auth_token", words: "Token", kind: "secret" },
      { name: "messaging_service_sid", words: "Messaging service SID", kind: "text" },
      { name: "to", words: "Numbers, one a line", kind: "list" },
    ],
  },
];

export const SEVERITIES = ["info", "warning", "error", "critical"] as const;

export function kindWords(type: string): string {
  return KINDS.find((one) => one.type === type)?.words ?? type;
}

/** Make the config of a hook from what was typed; names what is missing. */
export function configOf(
  type: string,
  typed: Record<string, string>,
): { config: Record<string, unknown>; missing: string[] } {
  const fields = KINDS.find((one) => one.type === type)?.fields ?? [];
  const pairs = fields.map((field): [HookField, unknown] => {
    const text = (typed[field.name] ?? (field.kind === "severity" ? "critical" : "")).trim();
    if (field.kind !== "list") return [field, text];
    return [
      field,
      text
        .split(/[\n,]/)
        .map((one) => one.trim())
        .filter(Boolean),
    ];
  });
  return {
    config: Object.fromEntries(pairs.map(([field, value]) => [field.name, value])),
    missing: pairs
      .filter(([, value]) => value === "" || (Array.isArray(value) && value.length === 0))
      .map(([field]) => field.words),
  };
}
