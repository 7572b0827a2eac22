import { describe, expect, test } from "vitest";
import { folded, marked, pieces, plain, signs } from "../src/words/text";

describe("text of users", () => {
  test("colours of a terminal are read, its other commands are left out", () => {
    const read = pieces("\u001b[31mred\u001b[0m plain \u001b[1;92mbright\u001b[K\u001b[38;5;200mpalette\u001b[39m end");
    expect(read.map(({ text, colour, bold }) => [text, colour, bold])).toEqual([
      ["red", "red", false],
      [" plain ", "", false],
      ["bright", "green", true],
      ["palette", "green", true],
      [" end", "", true],
    ]);
    expect(plain("\u001b]8;;http://x\u0007link\u001b]8;;\u0007")).toBe("link");
  });

  test("control characters and those that turn the text are shown as signs", () => {
    expect(signs("a\u0000b\u007f\tc\r\nd\re\u202ef")).toBe("a\u2400b\u2421\tc\nd\u240de⟨U+202E⟩f");
  });

  test("hits are marked over the edges of colours, whatever their case", () => {
    const cut = marked(pieces("KEY\u001b[31mError key"), "keyerr");
    expect(cut.map(({ text, hit }) => [text, hit])).toEqual([
      ["KEY", true],
      ["Err", true],
      ["or key", false],
    ]);
    expect(marked(pieces("aXbXc"), "x").filter((piece) => piece.hit)).toHaveLength(2);
    expect(marked(pieces("abc"), "")).toHaveLength(1);
  });

  test("a text of many lines, or of one very long line, is folded and says what is behind", () => {
    expect(folded("1\n2\n3\n4\n5\n")).toEqual({ text: "1\n2\n3", more: "2 lines", end: "" });
    expect(folded("1\n2\n3\n")).toEqual({ text: "1\n2\n3", more: "", end: "" });
    expect(folded("x".repeat(50_000))).toEqual({ text: "x".repeat(2_000), more: "48k characters", end: "" });
    expect(folded("short")).toEqual({ text: "short", more: "", end: "" });
  });

  test("of a traceback the line that says what happened is seen", () => {
    const text = "Task failed\nTraceback (most recent call last):\n  File a\n    b()\n  File c\nKeyError: 'vat_id'\n";
    expect(folded(text)).toEqual({
      text: "Task failed\nTraceback (most recent call last):\n  File a",
      more: "2 lines",
      end: "KeyError: 'vat_id'",
    });
  });
});
