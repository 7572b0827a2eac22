import { firstFault } from "./scan";

/** The values of a run's parameters: one JSON object, whichever way it is looked at. Pure; knows no component. */

export type Kind = "text" | "number" | "yesno" | "date" | "json" | "none" | "choice";

export const KIND_WORDS: Record<Kind, string> = {
  text: "text",
  number: "number",
  yesno: "yes or no",
  date: "date and time",
  json: "JSON",
  none: "none",
  choice: "choice",
};

/** A parameter as a flow has registered it. */
export interface Parameter {
  name: string;
  required: boolean;
  /** What the flow itself says; meaningless when required. */
  flowDefault: unknown;
  /** The class, as "prefect.core.parameter.DateTimeParameter". */
  type: string;
  /** What the flow says of it, where it does. */
  description: string;
  choices: readonly unknown[] | null;
  hint: string;
}

/** Where the value of a parameter comes from that is not given. */
export interface Standing {
  value: unknown;
  /** In words: "the flow", "the flow group"; null when there is none and the run needs one. */
  source: "flow" | "flow group" | null;
}

/** One field as it is typed: the text and how it is read. Not given: nothing is sent, the standing value holds. */
export interface Field {
  given: boolean;
  kind: Kind;
  text: string;
}

export interface Fault {
  /** Name of the field, or of a part of the form ("when", "labels"); an empty text is the form itself. */
  at: string;
  message: string;
}

type Read = { value: unknown; fault: null } | { value: undefined; fault: string };

const good = (value: unknown): Read => ({ value, fault: null });
const bad = (fault: string): Read => ({ value: undefined, fault });

/** Read the list of parameters that a flow stores; whatever is none of them is left out. */
export function parametersOf(stored: unknown): Parameter[] {
  if (!Array.isArray(stored)) return [];
  const all: Parameter[] = [];
  for (const one of stored as unknown[]) {
    if (typeof one !== "object" || one === null) continue;
    const given = one as Record<string, unknown>;
    if (typeof given["name"] !== "string") continue;
    const choices = given["choices"] ?? (given["schema"] as Record<string, unknown> | undefined)?.["enum"];
    all.push({
      name: given["name"],
      required: given["required"] === true,
      flowDefault: given["default"] ?? null,
      type: typeof given["type"] === "string" ? given["type"] : "",
      description: typeof given["description"] === "string" ? given["description"] : "",
      choices: Array.isArray(choices) && choices.length > 0 ? choices : null,
      hint: typeof given["type_hint"] === "string" ? given["type_hint"] : "",
    });
  }
  // What a run needs comes first, else in the order in which the flow has them.
  return all.sort((a, b) => Number(b.required) - Number(a.required));
}

/** Give what holds when a parameter is not given. */
export function standing(parameter: Parameter, groupDefaults: Record<string, unknown>): Standing {
  if (Object.hasOwn(groupDefaults, parameter.name))
    return { value: groupDefaults[parameter.name], source: "flow group" };
  if (parameter.required) return { value: undefined, source: null };
  return { value: parameter.flowDefault, source: "flow" };
}

const HINTS: readonly (readonly [RegExp, Kind])[] = [
  [/^(str|string)$/i, "text"],
  [/^(int|integer|float|number|decimal)$/i, "number"],
  [/^(bool|boolean)$/i, "yesno"],
  [/^(datetime\.)?(date|datetime)$|^pendulum\.datetime$/i, "date"],
  [/^(list|dict|tuple|set|mapping|object|array)\b/i, "json"],
];

/** Choose how a parameter is entered: its class, its hint, its choices, else the kind of the value that stands. */
export function kindFor(parameter: Parameter | null, value: unknown): Kind {
  if (parameter?.type.endsWith("DateTimeParameter") && (value === null || isDate(value))) return "date";
  if (parameter?.choices && (value === undefined || parameter.choices.some((one) => same(one, value)))) return "choice";
  if (value === null || value === undefined) {
    if (parameter?.type.endsWith("DateTimeParameter")) return "date";
    // What may be none as well is entered as what it is else.
    const named = (parameter?.hint ?? "").replace(/^Optional\[(.*)\]$/, "$1").replace(/\s*\|\s*None$/, "");
    const hint = HINTS.find(([pattern]) => pattern.test(named));
    return hint?.[1] ?? "text";
  }
  return kindOf(value);
}

/** How a value is entered by what it is. */
export function kindOf(value: unknown): Kind {
  if (value === null || value === undefined) return "none";
  if (typeof value === "boolean") return "yesno";
  if (typeof value === "number") return "number";
  return typeof value === "string" ? "text" : "json";
}

/** Whether a picker can show a value without losing anything: a whole time with a zone. */
export function isDate(value: unknown): boolean {
  return (
    typeof value === "string" &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

/** Write a value as the text of a field of this kind. */
export function textOf(value: unknown, kind: Kind): string {
  if (value === undefined || kind === "none") return "";
  if (kind === "json" || kind === "choice") return JSON.stringify(value, null, 2);
  if (value === null) return "";
  if (kind === "yesno") return value === true ? "true" : value === false ? "false" : "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Read what was typed. */
export function read(field: Field): Read {
  switch (field.kind) {
    case "none":
      return good(null);
    case "text":
      return good(field.text);
    case "yesno":
      return field.text === "" ? bad("Choose yes or no.") : good(field.text === "true");
    case "date":
      return readDate(field.text);
    case "number":
      return readNumber(field.text);
    case "json":
    case "choice":
      return readJson(field.text);
  }
}

function readDate(text: string): Read {
  if (text.trim() === "") return bad("Give a date and time, or choose “none”.");
  if (Number.isNaN(Date.parse(text))) return bad(`This is no date and time: ${shorten(text)}`);
  return good(text);
}

function readNumber(text: string): Read {
  const plain = text.trim().replaceAll("−", "-");
  if (plain === "") return bad("Give a number, or choose “none”.");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return bad(`This is no number: ${shorten(text)}`);
  const value = Number(plain);
  if (!Number.isFinite(value)) return bad("This number is too large.");
  if (/^[+-]?\d+$/.test(plain) && !Number.isSafeInteger(value))
    return bad("A browser cannot keep so large a number exactly; give it as text or by the command line.");
  return good(value);
}

/** Where a JSON text is wrong: characters from the beginning, line and column from 1, and why. */
export interface JsonFault {
  position: number;
  line: number;
  column: number;
  message: string;
}

/** Read a JSON text; the fault names line and column, whatever the browser. */
export function parseJson(text: string): { value: unknown; fault: null } | { value: undefined; fault: JsonFault } {
  try {
    const value: unknown = JSON.parse(text);
    const inexact = inexactNumber(text);
    if (inexact !== null) {
      return {
        value: undefined,
        fault: placed(text, inexact, "a browser cannot keep this number exactly; give it as text"),
      };
    }
    return { value, fault: null };
  } catch {
    const found = firstFault(text) ?? { position: text.length, message: "this is no JSON" };
    return { value: undefined, fault: placed(text, found.position, found.message) };
  }
}

function placed(text: string, position: number, message: string): JsonFault {
  const before = text.slice(0, position).split("\n");
  return { position, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message };
}

/** Find a whole number outside of texts that a double cannot hold; null when there is none. */
function inexactNumber(text: string): number | null {
  if (!/\d{16}/.test(text)) return null;
  const pattern = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  for (const found of text.matchAll(pattern)) {
    if (/^-?\d+$/.test(found[0]) && !Number.isSafeInteger(Number(found[0]))) return found.index;
  }
  return null;
}

function readJson(text: string): Read {
  if (text.trim() === "") return bad("Give JSON, or choose “none”.");
  const parsed = parseJson(text);
  if (parsed.fault === null) return good(parsed.value);
  return bad(`Line ${parsed.fault.line}, column ${parsed.fault.column}: ${parsed.fault.message}.`);
}

/** Read a JSON text that must be an object. */
export function readObject(text: string, what: string): Read {
  if (text.trim() === "") return good({});
  const result = readJson(text);
  if (result.fault !== null) return result;
  if (typeof result.value !== "object" || result.value === null || Array.isArray(result.value))
    return bad(`${what} must be a JSON object: { "name": value }.`);
  return result;
}

/** Read a value of an address or a command line: JSON when it is JSON, else the text itself. */
export function typed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Say in one line what a JSON value is: "an object of 2 keys", "a list of 3". */
export function sizeOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? "a list of 1" : `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value).length;
    return keys === 1 ? "1 key" : `${keys} keys`;
  }
  return kindOf(value) === "none" ? "null" : KIND_WORDS[kindOf(value)];
}

/** Whether two JSON values are the same; the order of keys is nothing. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [first, second] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(first);
  return (
    keys.length === Object.keys(second).length &&
    keys.every((key) => Object.hasOwn(second, key) && same(first[key], second[key]))
  );
}

export interface Difference {
  /** "options.regions" */
  path: string;
  /** undefined: it is not there. */
  before: unknown;
  after: unknown;
}

/** List where two values differ, going into objects; at most `most` of them. */
export function differences(before: unknown, after: unknown, path = "", most = 200): Difference[] {
  if (same(before, after)) return [];
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject(before) || !isObject(after)) return [{ path, before, after }];
  const found: Difference[] = [];
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (found.length >= most) break;
    const at = path ? `${path}.${key}` : key;
    const one = Object.hasOwn(before, key) ? before[key] : undefined;
    const other = Object.hasOwn(after, key) ? after[key] : undefined;
    if (one === undefined || other === undefined) found.push({ path: at, before: one, after: other });
    else found.push(...differences(one, other, at, most - found.length));
  }
  return found;
}

/** Write a value in one short line. */
export function brief(value: unknown, most = 60): string {
  if (value === undefined) return "not there";
  if (value === null) return "none";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (typeof value === "string" && value.trim() === "") return JSON.stringify(value);
  return shorten(text, most);
}

export function shorten(text: string, most = 60): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Names behind which something secret is likely: such values are not kept in the browser. */
export function looksSecret(name: string): boolean {
  return /pass(word|wd|phrase)?|secret|token|api_?key|credential|private/i.test(name);
}
