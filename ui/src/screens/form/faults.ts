import type { Fault } from "./values";

/** Inputs of create_flow_run, as the server's errors name them, and the parts of the form they belong to. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/\bidempotency_key\b/, "idempotency_key"],
  [/\bflow_run_name\b/, "flow_run_name"],
  [/\bscheduled_start_time\b/, "when"],
  [/\blabels?\b/, "labels"],
  [/\brun_config\b/, "config"],
  [/\bcontext\b/, "context"],
];

/** Put what the server said at the field that it names; at the form itself when it names none. */
export function faultOf(message: string, names: readonly string[]): Fault {
  const missing = /^Required parameters were not supplied: \{(.*)\}/.exec(message);
  if (missing) {
    const named = names.find((name) => missing[1]?.includes(`'${name}'`));
    if (named !== undefined) return { at: named, message: "Give a value: the flow has no default for it." };
  }
  const field = /^Invalid ([^:]+):/.exec(message)?.[1] ?? "";
  const parameter = names.find((name) => field === `parameters.${name}` || field === `parameters[${name}]`);
  if (parameter !== undefined) return { at: parameter, message };
  const place = PLACES.find(([pattern]) => pattern.test(field));
  return { at: place?.[1] ?? "", message };
}
