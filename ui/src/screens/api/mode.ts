import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { keymap } from "@codemirror/view";
import { graphql } from "cm6-graphql";
import type { GraphQLSchema } from "graphql";

/** GraphQL for the editor: completion and faults from the schema of this server, and documentation by Ctrl and click. */
export function graphqlMode(
  schema: GraphQLSchema,
  show: (field: string | undefined, type: string | undefined) => void,
) {
  return [
    graphql(schema, {
      onShowInDocs: (field, type, parent) => show(field, parent ?? type),
    }),
    autocompletion({ activateOnTyping: true }),
    closeBrackets(),
    keymap.of([...completionKeymap, ...closeBracketsKeymap]),
  ];
}
