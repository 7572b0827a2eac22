// Writes src/operations/<name>.gen.ts for each src/operations/<name>.graphql: the types of every document and its text.
// Documents stand nowhere else. Fragments live in shared.graphql and travel with the documents that use them.
import { readdirSync, readFileSync, writeFileSync, existsSync } from "node:fs";
import { join, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import { buildSchema, parse, print, stripIgnoredCharacters, visit } from "graphql";

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, "src", "operations");
const SHARED = "shared.graphql";
const check = process.argv.includes("--check");

const schema = parse(readFileSync(join(here, "..", "docs", "reference", "schema.graphql"), "utf8"));
buildSchema(print(schema));
const shared = parse(readFileSync(join(folder, SHARED), "utf8"));
const fragments = new Map(shared.definitions.map((one) => [one.name.value, one]));

/** Give the fragments that a definition uses, those inside fragments included, each once. */
function used(definition, found = new Map()) {
  visit(definition, {
    FragmentSpread(node) {
      const name = node.name.value;
      if (found.has(name)) return;
      const fragment = fragments.get(name);
      if (!fragment) throw new Error(`${name} is no fragment of ${SHARED}`);
      found.set(name, fragment);
      used(fragment, found);
    },
  });
  return found;
}

const SCALARS = {
  uuid: "string",
  _uuid: "string",
  timestamptz: "string",
  interval: "string",
  UUID: "string",
  DateTime: "string",
  jsonb: "unknown",
  JSON: "unknown",
};

let stale = 0;
for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith(".graphql") || file === SHARED) continue;
  const document = parse(readFileSync(join(folder, file), "utf8"));
  const name = file.replace(/\.graphql$/, "");
  const output = join(folder, `${name}.gen.ts`);
  const needed = new Map();
  for (const definition of document.definitions) used(definition, needed);
  const types = await codegen({
    filename: output,
    schema,
    documents: [
      { location: file, document: { kind: "Document", definitions: [...document.definitions, ...needed.values()] } },
    ],
    config: {
      scalars: SCALARS,
      defaultScalarType: "unknown",
      skipTypename: true,
      useTypeImports: true,
      avoidOptionals: { field: true, inputValue: false, object: true, defaultValue: true },
      enumsAsTypes: true,
      dedupeFragments: true,
    },
    plugins: [{ operations: {} }],
    pluginMap: { operations },
  });
  const documents = document.definitions.map((definition) => {
    const kind = definition.operation;
    const type = definition.name.value + kind[0].toUpperCase() + kind.slice(1);
    const text = [definition, ...used(definition).values()].map((one) => stripIgnoredCharacters(print(one))).join("");
    return `export const ${definition.name.value}: Doc<${type}, ${type}Variables> = { name: ${JSON.stringify(definition.name.value)}, kind: ${JSON.stringify(kind)}, text: ${JSON.stringify(text)} };\n`;
  });
  const written = `// Written by codegen.js from ${file}; not by hand.\nimport type { Doc } from "../data/doc";\n\n${types.trim()}\n\n${documents.join("\n")}`;
  if (existsSync(output) && readFileSync(output, "utf8") === written) continue;
  stale += 1;
  if (!check) writeFileSync(output, written);
}
if (check && stale > 0) {
  console.error(`${stale} files of src/operations are not what their documents and the schema give: npm run types`);
  process.exit(1);
}
