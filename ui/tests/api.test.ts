import { buildSchema, introspectionFromSchema } from "graphql";
import { describe, expect, it } from "vitest";
import { forgetAll, isSubscription, keep, operationsOf, past } from "../src/screens/api/history";
import { membersOf, schemaOf, search } from "../src/screens/api/schema";

function shelf() {
  let text: string | null = null;
  return { getItem: () => text, setItem: (_: string, value: string) => void (text = value) };
}

describe("what was asked by hand", () => {
  it("is kept once, newest first", () => {
    const store = shelf();
    keep("query A { a }", "", 1, store);
    keep("query B { b }", '{"x": 1}', 2, store);
    keep("query A { a }", "", 3, store);
    expect(past(store).map((one) => [one.query, one.at])).toEqual([
      ["query A { a }", 3],
      ["query B { b }", 2],
    ]);
    expect(forgetAll(store)).toEqual([]);
  });
  it("holds no variables of a mutation, which may be secrets", () => {
    const store = shelf();
    keep(
      'mutation S($v: JSON!) { set_secret(input: { name: "a", value: $v }) { success } }',
      '{"v": "hush"}',
      1,
      store,
    );
    expect(JSON.stringify(past(store))).not.toContain("hush");
  });
  it("leaves out what is too long", () => {
    const store = shelf();
    keep(`{ a(x: "${"y".repeat(30_000)}") }`, "", 1, store);
    expect(past(store)).toEqual([]);
  });
  it("finds the operations of a text, not words in comments and strings", () => {
    const text = `# query Not { a }
      query One { a(x: "query Two { b }") } subscription Three { c }`;
    expect(operationsOf(text).map((one) => one.name)).toEqual(["One", "Three"]);
    expect(isSubscription(text, "Three")).toBe(true);
    expect(isSubscription(text, "One")).toBe(false);
    expect(isSubscription("subscription { a }", "")).toBe(true);
  });
});

describe("the schema", () => {
  const schema = schemaOf(
    introspectionFromSchema(
      buildSchema(`
        type Query { "All runs." flow_run(limit: Int): [flow_run!]! agent: flow_run }
        type flow_run { id: ID! kind: kind }
        enum kind { SLOW FAST }
      `),
    ),
  );
  it("tells the members of a type, where they lead and what they take", () => {
    expect(membersOf(schema, "Query")?.members[0]).toEqual({
      name: "flow_run",
      type: "[flow_run!]!",
      leads: "flow_run",
      arguments: [{ name: "limit", type: "Int", leads: "Int" }],
      text: "All runs.",
    });
    expect(membersOf(schema, "kind")?.members.map((one) => one.name)).toEqual(["SLOW", "FAST"]);
    expect(membersOf(schema, "nothing")).toBeNull();
  });
  it("is searched by a part of a name", () => {
    expect(search(schema, "flow")).toEqual([
      { type: "flow_run", field: null },
      { type: "Query", field: "flow_run" },
    ]);
    expect(search(schema, "  ")).toEqual([]);
  });
});
