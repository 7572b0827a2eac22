/** Where a text stops being JSON, told the same way in every browser. */

// eslint-disable-next-line no-control-regex -- JSON forbids exactly these inside a text
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

type Awaited = "value" | "first item" | "key" | "first key" | "colon" | "next";

const EXPECTED: Record<Awaited, string> = {
  value: "a value",
  "first item": "a value or “]”",
  key: "a name in double quotes",
  "first key": "a name in double quotes or “}”",
  colon: "“:”",
  next: "“,”",
};

/** Give the first place at which a text is no JSON, and what was expected there; null when it is JSON. */
export function firstFault(text: string): { position: number; message: string } | null {
  const open: ("{" | "[")[] = [];
  let awaited: Awaited = "value";
  let at = 0;
  const taken = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  for (;;) {
    while (/[ \t\n\r]/.test(text.charAt(at))) at += 1;
    const sign = text.charAt(at);
    const inside = open.at(-1);
    if (awaited === "next" && inside === undefined) {
      return at === text.length ? null : { position: at, message: "nothing may follow here" };
    }
    if (awaited === "next" && sign === ",") {
      awaited = inside === "{" ? "key" : "value";
      at += 1;
    } else if (
      (sign === "}" && inside === "{" && (awaited === "next" || awaited === "first key")) ||
      (sign === "]" && inside === "[" && (awaited === "next" || awaited === "first item"))
    ) {
      open.pop();
      awaited = "next";
      at += 1;
    } else if (awaited === "colon" && sign === ":") {
      awaited = "value";
      at += 1;
    } else if ((awaited === "key" || awaited === "first key") && sign === '"' && taken(STRING)) awaited = "colon";
    else if ((awaited === "value" || awaited === "first item") && (sign === "{" || sign === "[")) {
      open.push(sign);
      awaited = sign === "{" ? "first key" : "first item";
      at += 1;
    } else if ((awaited === "value" || awaited === "first item") && (taken(STRING) || taken(NUMBER) || taken(WORD)))
      awaited = "next";
    else return { position: at, message: problem(text, at, awaited, inside) };
  }
}

function problem(text: string, at: number, awaited: Awaited, inside: "{" | "[" | undefined): string {
  const end = inside === "{" ? " or “}”" : inside === "[" ? " or “]”" : "";
  const expected = `${EXPECTED[awaited]}${awaited === "next" ? end : ""} is expected`;
  if (at >= text.length) return `the text ends too early: ${expected}`;
  if (text.charAt(at) === '"') return "this text has no end, or a sign that must be written with a backslash";
  return `${expected}, not “${text.slice(at, at + 12).split(/[\s,:\]}]/)[0] || text.charAt(at)}”`;
}
