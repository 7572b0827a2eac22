import {
  buildClientSchema,
  getIntrospectionQuery,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLSchema,
  type IntrospectionQuery,
} from "graphql";
import type { Doc } from "../../data/doc";

/** The question that gives the whole schema. */
export const Introspection: Doc<IntrospectionQuery, Record<string, never>> = {
  name: "IntrospectionQuery",
  kind: "query",
  text: getIntrospectionQuery({ descriptions: true }),
};

export function schemaOf(answer: IntrospectionQuery): GraphQLSchema {
  return buildClientSchema(answer, { assumeValid: true });
}

/** A field, an input or a value of a type, as the documentation shows it. */
export interface Member {
  name: string;
  /** "[flow_run!]!", and the name of its type alone. */
  type: string;
  leads: string | null;
  arguments: { name: string; type: string; leads: string | null }[];
  text: string;
}

const bare = (type: string) => type.replace(/[[\]!]/g, "");

function memberOf(field: GraphQLField<unknown, unknown> | GraphQLInputField): Member {
  const type = String(field.type);
  return {
    name: field.name,
    type,
    leads: bare(type),
    arguments:
      "args" in field
        ? field.args.map((one) => ({ name: one.name, type: String(one.type), leads: bare(String(one.type)) }))
        : [],
    text: field.description ?? "",
  };
}

/** Give the members of a type; null when there is no such type. */
export function membersOf(schema: GraphQLSchema, name: string): { text: string; members: Member[] } | null {
  const type = schema.getType(name);
  if (!type) return null;
  const text = type.description ?? "";
  if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type))
    return { text, members: Object.values(type.getFields()).map(memberOf) };
  const plain = (one: string): Member => ({ name: one, type: "", leads: null, arguments: [], text: "" });
  if (isEnumType(type))
    return { text, members: type.getValues().map((one) => ({ ...plain(one.name), text: one.description ?? "" })) };
  if (isUnionType(type))
    return { text, members: type.getTypes().map((one) => ({ ...plain(one.name), leads: one.name })) };
  return { text, members: [] };
}

export interface Found {
  type: string;
  field: string | null;
}

/** Find types and fields by a part of their name; those that begin with it come first. */
export function search(schema: GraphQLSchema, text: string, most = 60): Found[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const found: [number, Found][] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith("__")) continue;
    const place = type.name.toLowerCase().indexOf(wanted);
    if (place >= 0) found.push([place === 0 ? 0 : 2, { type: type.name, field: null }]);
    if (!isObjectType(type)) continue;
    const isRoot = [schema.getQueryType(), schema.getMutationType()].includes(type);
    for (const field of Object.keys(type.getFields())) {
      const at = field.toLowerCase().indexOf(wanted);
      if (at >= 0 && isRoot) found.push([at === 0 ? 1 : 3, { type: type.name, field }]);
    }
  }
  return found
    .sort((a, b) => a[0] - b[0])
    .slice(0, most)
    .map((one) => one[1]);
}
