/** The sixteen colours of a terminal, by the eight names; bright ones are the same, bold. */
export const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
export type Colour = (typeof COLOURS)[number];

/** A stretch of text that is written in one way. */
export interface Piece {
  text: string;
  colour: Colour | "";
  bold: boolean;
  /** Whether it is part of what was searched for. */
  hit: boolean;
}

// CSI sequences (of which SGR, ending in "m", sets colours), OSC sequences such as links, and lone escapes.
// eslint-disable-next-line no-control-regex -- they are what is looked for
const ESCAPES = /\u001b\[([0-9;:?]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[@-Z\\-_]/g;
// Signs that are not seen or that turn the text around them.
// eslint-disable-next-line no-control-regex -- they are what is looked for
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Show signs that have no shape: "␀" for a control character, "⟨U+202E⟩" for one that turns the text. */
export function signs(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(UNSEEN, (sign) => {
    const code = sign.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** Write what people named or said, as it stands: its control signs shown, and cut before it fills a page. */
export function asText(text: string | null | undefined, most = 300): string {
  const said = text ?? "";
  return signs(said.length > most ? `${said.slice(0, most)}…` : said);
}

/** Write a name on one line: its control signs shown, and cut before it fills a page. */
export function named(text: string | null | undefined, none: string): string {
  const name = signs(text ?? "")
    .replace(/\s+/g, " ")
    .trim();
  return name.length > 300 ? `${name.slice(0, 300)}…` : name || none;
}

/** Read the colours of a terminal out of a text; other commands of a terminal are left out, control signs shown. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let colour: Colour | "" = "";
  let bold = false;
  let from = 0;
  const add = (until: number) => {
    if (until > from) found.push({ text: signs(text.slice(from, until)), colour, bold, hit: false });
  };
  for (const escape of text.matchAll(ESCAPES)) {
    add(escape.index);
    from = escape.index + escape[0].length;
    if (escape[2] === "m") [colour, bold] = style(escape[1] ?? "", colour, bold);
  }
  add(text.length);
  return found;
}

function style(codes: string, colour: Colour | "", bold: boolean): [Colour | "", boolean] {
  const all = codes.split(/[;:]/).map(Number);
  for (let at = 0; at < all.length; at += 1) {
    const code = all[at] ?? 0;
    if (code === 0) [colour, bold] = ["", false];
    else if (code === 1) bold = true;
    else if (code === 22) bold = false;
    else if (code === 39) colour = "";
    else if (code >= 30 && code <= 37) colour = COLOURS[code - 30] ?? "";
    else if (code >= 90 && code <= 97) [colour, bold] = [COLOURS[code - 90] ?? "", true];
    // Colours of a palette of 256 or of all: nothing that could be read on every ground.
    else if (code === 38 || code === 48) at += all[at + 1] === 5 ? 2 : 4;
  }
  return [colour, bold];
}

/** Cut pieces where a searched text begins and ends; upper and lower case are the same. */
export function marked(all: readonly Piece[], query: string): Piece[] {
  if (!query) return [...all];
  const whole = all.map((piece) => piece.text).join("");
  // Some signs are longer in lower case; a text with one of them is searched as it is.
  const same = whole.toLowerCase().length === whole.length;
  const low = same ? whole.toLowerCase() : whole;
  const wanted = same ? query.toLowerCase() : query;
  const hits: number[] = [];
  for (let at = low.indexOf(wanted); at >= 0 && hits.length < 1_000; at = low.indexOf(wanted, at + wanted.length))
    hits.push(at);
  if (hits.length === 0) return [...all];
  const cut: Piece[] = [];
  let begin = 0;
  let next = 0;
  for (const piece of all) {
    const end = begin + piece.text.length;
    let from = begin;
    while (from < end) {
      while (next < hits.length && (hits[next] ?? 0) + wanted.length <= from) next += 1;
      const hit = hits[next] ?? Number.POSITIVE_INFINITY;
      const inside = hit <= from;
      const until = Math.min(end, inside ? hit + wanted.length : hit);
      cut.push({ ...piece, text: piece.text.slice(from - begin, until - begin), hit: inside });
      from = until;
    }
    begin = end;
  }
  return cut;
}

/** The colours, the commands and the control signs taken out: what a search or a screen reader gets. */
export function plain(text: string): string {
  return pieces(text)
    .map((piece) => piece.text)
    .join("");
}

/** So many lines and signs of a text are shown before it is unfolded. */
const LINES = 3;
const SIGNS = 2_000;

/** A text that is shown in part: its beginning, what is left out in words ("14 lines"; "" when it is whole), and its
 * end, where that says most. */
export interface Folded {
  text: string;
  more: string;
  end: string;
}

/** Fold a long text; of a traceback, its last line is shown, which says what happened. */
export function folded(text: string): Folded {
  let cut = -1;
  for (let line = 0; line < LINES; line += 1) {
    cut = text.indexOf("\n", cut + 1);
    if (cut < 0) break;
  }
  const rest = cut < 0 ? "" : text.slice(cut).trimEnd();
  if (rest && cut <= SIGNS) {
    const lines = rest.split("\n").slice(1);
    const last = lines.at(-1) ?? "";
    const end = lines.length > 1 && text.slice(0, SIGNS).includes("Traceback (most recent call last)");
    const hidden = lines.length - (end ? 1 : 0);
    return {
      text: text.slice(0, cut),
      more: hidden === 1 ? "1 line" : `${hidden.toLocaleString("en-GB")} lines`,
      end: end ? last.slice(0, SIGNS) : "",
    };
  }
  if (text.length <= SIGNS + 200) return { text: rest ? text : text.trimEnd(), more: "", end: "" };
  const more = text.length - SIGNS;
  return {
    text: text.slice(0, SIGNS),
    more: more < 1_000 ? `${more} characters` : `${Math.round(more / 1_000).toLocaleString("en-GB")}k characters`,
    end: "",
  };
}
