import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  placeholder,
  type KeyBinding,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

export interface EditorWishes {
  text: string;
  label: string;
  language: "json" | "text";
  hint: string;
  readOnly: boolean;
  /** More of CodeMirror, as a language of its own. */
  extensions: readonly unknown[];
  changed: (text: string) => void;
}

export interface Editor {
  /** Show another text; nothing is told of it. */
  set(text: string): void;
  /** Say that the text is at fault, and which element of the page says why. */
  mark(invalid: boolean): void;
  focus(): void;
  /** Put the cursor at a character. */
  goTo(position: number, end?: number): void;
  destroy(): void;
}

// Colours are the tokens of the page: custom properties reach into a shadow root.
const look = EditorView.theme({
  "&": { backgroundColor: "var(--bg)", color: "var(--text)", fontSize: "12px", maxHeight: "inherit", height: "100%" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", minHeight: "inherit" },
  ".cm-content": { caretColor: "var(--text)", padding: "6px 0" },
  ".cm-gutters": { backgroundColor: "var(--sunk)", color: "var(--muted)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent-tint) 45%, transparent)" },
  "&.cm-focused .cm-activeLineGutter": { backgroundColor: "var(--accent-tint)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 30%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--accent-tint)",
    outline: "1px solid var(--accent)",
  },
  ".cm-placeholder": { color: "var(--muted)" },
  ".cm-tooltip, .cm-panels": {
    backgroundColor: "var(--raise)",
    color: "var(--text)",
    border: "1px solid var(--line)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent)",
    color: "var(--on-accent)",
  },
  ".cm-searchMatch": { backgroundColor: "var(--mark)", color: "var(--text)" },
  ".cm-textfield, .cm-button": {
    backgroundColor: "var(--bg)",
    backgroundImage: "none",
    border: "1px solid var(--line-2)",
    borderRadius: "4px",
    color: "var(--text)",
  },
  ".cm-foldPlaceholder": { backgroundColor: "var(--sunk)", color: "var(--muted)", borderColor: "var(--line)" },
});

const colours = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.propertyName, tags.attributeName], color: "var(--mapped-ink)" },
    { tag: [tags.string], color: "var(--success-ink)" },
    { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--held-ink)" },
    { tag: [tags.keyword, tags.definitionKeyword, tags.operatorKeyword], color: "var(--running-ink)" },
    { tag: [tags.typeName, tags.variableName], color: "var(--retry-ink)" },
    { tag: [tags.comment], color: "var(--muted)" },
    { tag: tags.invalid, color: "var(--failed-ink)" },
  ]),
);

// Ctrl Enter belongs to the page; Tab leaves the field, as everywhere.
const keys: readonly KeyBinding[] = [
  ...defaultKeymap.filter((one) => one.key !== "Mod-Enter"),
  ...historyKeymap,
  ...foldKeymap,
  ...searchKeymap,
];

/** Make an editor in a shadow root: there CodeMirror's styles are an adopted sheet, which the page's policy allows. */
export function makeEditor(root: ShadowRoot, wishes: EditorWishes): Editor {
  const named = new Compartment();
  const attributes = (invalid: boolean): Extension =>
    EditorView.contentAttributes.of({ "aria-label": wishes.label, "aria-invalid": String(invalid) });
  let silent = false;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: wishes.text,
      extensions: [
        lineNumbers(),
        foldGutter(),
        history(),
        drawSelection(),
        bracketMatching(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        EditorView.lineWrapping,
        ...(wishes.language === "json" ? [json()] : []),
        ...(wishes.hint ? [placeholder(wishes.hint)] : []),
        ...(wishes.readOnly ? [EditorState.readOnly.of(true)] : []),
        ...(wishes.extensions as Extension[]),
        look,
        colours,
        keymap.of(keys),
        named.of(attributes(false)),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !silent) wishes.changed(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    set(text) {
      if (view.state.doc.toString() === text) return;
      silent = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      silent = false;
    },
    mark: (invalid) => view.dispatch({ effects: named.reconfigure(attributes(invalid)) }),
    focus: () => view.focus(),
    goTo(position, end = position) {
      const [anchor, head] = [Math.min(position, view.state.doc.length), Math.min(end, view.state.doc.length)];
      view.dispatch({ selection: { anchor, head }, scrollIntoView: true });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}
