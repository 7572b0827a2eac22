// What a compiler does not see: who may know whom, and what the page's policy forbids.
import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

/** Rooms below may not be reached from here: `from` names those that are forbidden. */
const forbid = (files, from, message) => ({
  files,
  rules: {
    "no-restricted-imports": ["error", { patterns: from.map((room) => ({ group: [`**/${room}/*`], message })) }],
  },
});

export default ts.config(
  { ignores: ["node_modules", "src/operations/*.gen.ts"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      "no-undef": "off",
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.name='fetch'] > Literal[value=/^\\//]",
          message: "Addresses are made by url().",
        },
        { selector: "ExportDefaultDeclaration", message: "Only components are default exports." },
      ],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
    rules: {
      "svelte/no-at-html-tags": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector: "SvelteAttribute[key.name='style'] > SvelteLiteral",
          message: "The page's policy refuses style=…; use a class.",
        },
      ],
      "svelte/require-each-key": "error",
      "svelte/no-navigation-without-resolve": "off",
      "svelte/prefer-svelte-reactivity": "off",
    },
  },
  forbid(["src/words/**"], ["data", "draw", "parts", "screens", "frame"], "words/ knows nothing of the others."),
  forbid(["src/draw/**"], ["data", "parts", "screens", "frame"], "draw/ knows words alone."),
  forbid(["src/data/**"], ["draw", "parts", "screens", "frame"], "data/ knows no component."),
  forbid(["src/parts/**"], ["screens", "frame"], "parts/ know no screen."),
  { files: ["*.config.js", "*.config.ts", "codegen.js"], rules: { "no-restricted-syntax": "off" } },
);
