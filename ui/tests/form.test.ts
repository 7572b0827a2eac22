import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { command, quoted, written } from "../src/screens/form/command";
import { envOf, faultsOf, others, set, turned, withEnv } from "../src/screens/form/config";
import { faultOf } from "../src/screens/form/faults";
import { newName } from "../src/screens/form/names";
import { median, usually } from "../src/screens/form/past";
import { firstFault } from "../src/screens/form/scan";
import {
  brief,
  differences,
  kindFor,
  parametersOf,
  parseJson,
  read,
  readObject,
  same,
  standing,
  textOf,
  typed,
  type Field,
  type Kind,
} from "../src/screens/form/values";

const field = (kind: Kind, text: string): Field => ({ given: true, kind, text });
const parameter = (name: string, defaultValue?: unknown, type = "prefect.core.parameter.Parameter") => ({
  name,
  type,
  required: defaultValue === undefined,
  default: defaultValue ?? null,
});

describe("a parameter", () => {
  it("is entered by what its default is", () => {
    const kinds = (value: unknown, type?: string) => {
      const one = parametersOf([parameter("x", value, type)])[0];
      return one ? kindFor(one, value) : null;
    };
    expect(kinds("text")).toBe("text");
    expect(kinds(5)).toBe("number");
    expect(kinds(false)).toBe("yesno");
    expect(kinds([1])).toBe("json");
    expect(kinds(null)).toBe("text");
    const hinted = (type_hint: string) =>
      kindFor(parametersOf([{ ...parameter("x", null), type_hint }])[0] ?? null, null);
    expect(["int", "float | None", "Optional[bool]", "datetime.date", "list[str]", "Path"].map(hinted)).toEqual([
      "number",
      "number",
      "yesno",
      "date",
      "json",
      "text",
    ]);
    expect(kinds(null, "prefect.core.parameter.DateTimeParameter")).toBe("date");
    expect(kinds("2026-11-27T00:00:00Z", "prefect.core.parameter.DateTimeParameter")).toBe("date");
    // A picker would lose that it is a day alone.
    expect(kinds("2026-11-27", "prefect.core.parameter.DateTimeParameter")).toBe("text");
  });

  it("has its value from the flow group before the flow, and none when it is required", () => {
    const [one] = parametersOf([parameter("x", 1)]);
    const [needed] = parametersOf([parameter("y")]);
    if (!one || !needed) throw new Error("none");
    expect(standing(one, {})).toEqual({ value: 1, source: "flow" });
    expect(standing(one, { x: null })).toEqual({ value: null, source: "flow group" });
    expect(standing(needed, {})).toEqual({ value: undefined, source: null });
    expect(standing(needed, { y: 0 })).toEqual({ value: 0, source: "flow group" });
  });

  it("that a run needs comes first, and what is none is left out", () => {
    expect(parametersOf([parameter("a", 1), parameter("b"), null, { no: "name" }]).map((one) => one.name)).toEqual([
      "b",
      "a",
    ]);
    expect(parametersOf({})).toEqual([]);
  });
});

describe("what is typed", () => {
  it("keeps its type", () => {
    expect(read(field("text", "5")).value).toBe("5");
    expect(read(field("text", "")).value).toBe("");
    expect(read(field("number", " 5 ")).value).toBe(5);
    expect(read(field("number", "-.5e1")).value).toBe(-5);
    expect(read(field("yesno", "false")).value).toBe(false);
    expect(read(field("none", "")).value).toBe(null);
    expect(read(field("json", "[1, null]")).value).toEqual([1, null]);
  });

  it("is told what is wrong with it", () => {
    expect(read(field("number", "ten")).fault).toContain("no number");
    expect(read(field("number", "")).fault).toContain("Give a number");
    expect(read(field("number", "12345678901234567890")).fault).toContain("exactly");
    expect(read(field("yesno", "")).fault).toContain("yes or no");
    expect(read(field("date", "yesterday")).fault).toContain("no date");
    expect(read(field("json", '{"a": 1,\n "b": }')).fault).toMatch(/^Line 2, column 7/);
    expect(readObject("[1]", "The context").fault).toContain("must be a JSON object");
    expect(readObject("  ", "The context").value).toEqual({});
  });

  it("becomes the same value again", () => {
    for (const value of ["", "x", 0, -1.5, true, null, [], { a: { b: [1, "2"] } }, "2026-11-27T00:00:00Z"]) {
      const kind = value === null ? "none" : kindFor(null, value);
      expect(read(field(kind, textOf(value, kind))).value).toEqual(value);
    }
  });
});

describe("JSON", () => {
  it("is told line and column of a fault", () => {
    expect(parseJson('{"a": 1').fault).toMatchObject({ line: 1, column: 8 });
    expect(parseJson("{\n  a: 1}").fault).toMatchObject({ line: 2, column: 3 });
    expect(parseJson("").fault).toMatchObject({ line: 1, column: 1 });
    expect(parseJson('["12345678901234567890"]').fault).toBe(null);
    expect(parseJson("[1,\n12345678901234567890]").fault).toMatchObject({ line: 2, column: 1 });
  });

  it("is told what is expected where it ends to be JSON", () => {
    const said = (text: string) => `${firstFault(text)?.position}: ${firstFault(text)?.message}`;
    expect(said("{'a': 1}")).toBe("1: a name in double quotes or “}” is expected, not “'a'”");
    expect(said("[1 2]")).toBe("3: “,” or “]” is expected, not “2”");
    expect(said('{"a": tru}')).toBe("6: a value is expected, not “tru”");
    expect(said('{"a": 1}}')).toBe("8: nothing may follow here");
    expect(said('["a')).toContain("no end");
    expect(said("[1,]")).toBe("3: a value is expected, not “]”");
    for (const text of ["0", "[]", "{}", '{"a":[1,{"b":null}],"c":"\\u00e9\\n"}', " true "])
      expect(firstFault(text)).toBe(null);
    expect(firstFault("[".repeat(100_000))?.position).toBe(100_000);
  });

  it("is the same whatever the order of its keys", () => {
    expect(same({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true);
    expect(same({ a: 1 }, { a: 1, b: undefined })).toBe(false);
    expect(same([1, 2], [2, 1])).toBe(false);
    expect(same({}, [])).toBe(false);
  });

  it("differs where it differs", () => {
    expect(differences({ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 }, d: 4 })).toEqual([
      { path: "a.c", before: 2, after: 3 },
      { path: "d", before: undefined, after: 4 },
    ]);
    expect(differences(Object.fromEntries(Array.from({ length: 999 }, (_, at) => [`k${at}`, at])), {})).toHaveLength(
      200,
    );
  });

  it("is said in one line", () => {
    expect(brief("")).toBe('""');
    expect(brief(null)).toBe("none");
    expect(brief({ a: [1] })).toBe('{"a":[1]}');
    expect(brief("x".repeat(99), 10)).toHaveLength(10);
  });
});

describe("the command", () => {
  const wish = { id: "an-id", parameters: {}, name: "", labels: null, context: {}, key: "", level: "", priority: null };

  it("says values so that they are read as the same", () => {
    expect(written("plain/text.csv")).toBe("plain/text.csv");
    expect(written("true")).toBe('"true"');
    expect(written("5")).toBe('"5"');
    expect(written("two words")).toBe('"two words"');
    expect(written(null)).toBe("null");
    expect(quoted("it's")).toBe("'it'\\''s'");
  });

  it("says everything that is given", () => {
    expect(
      command({
        ...wish,
        parameters: { day: "2026-11-27", limit: 500 },
        labels: ["eu"],
        name: "brisk heron",
        key: "k",
        level: "DEBUG",
        priority: -1,
        context: { a: [1] },
      }),
    ).toBe(
      [
        "prefect run",
        "--id an-id",
        `--param 'day="2026-11-27"'`,
        "--param limit=500",
        "--context 'a=[1]'",
        "--label eu",
        "--run-name 'brisk heron'",
        "--log-level debug",
        "--priority -1",
        "--idempotency-key k",
      ].join(" \\\n  "),
    );
  });

  it("gives names that no option can say in a file", () => {
    expect(command({ ...wish, parameters: { "a=b": 1 } })).toBe(
      `prefect run --id an-id --param-file /dev/stdin <<'PARAMETERS'\n{\n  "a=b": 1\n}\nPARAMETERS`,
    );
  });

  it("of an address are read as those of a command line", () => {
    expect(typed("5")).toBe(5);
    expect(typed("five")).toBe("five");
    expect(typed('"5"')).toBe("5");
  });
});

describe("a run configuration", () => {
  const docker = { type: "DockerRun", image: "a:1", env: { A: "1" }, labels: ["x"], something: "of a later version" };

  it("keeps what is not known here, also when its type changes", () => {
    expect(others(docker)).toEqual(["something"]);
    expect(turned(docker, "KubernetesRun")).toEqual({ ...docker, type: "KubernetesRun" });
    expect(turned(docker, "LocalRun")).toEqual({
      type: "LocalRun",
      env: { A: "1" },
      labels: ["x"],
      something: "of a later version",
    });
  });

  it("loses a field that is emptied, and takes variables", () => {
    expect(set(docker, "image", "")).not.toHaveProperty("image");
    expect(envOf(withEnv(docker, [["B", "2"]]))).toEqual([
      ["A", "1"],
      ["B", "2"],
    ]);
  });

  it("is not sent with what the server refuses", () => {
    expect(faultsOf({ type: "ECSRun", task_definition_arn: "arn", image: "a" })[0]?.at).toBe("config.image");
    expect(faultsOf({ type: "KubernetesRun", job_template: {}, job_template_path: "p" })).toHaveLength(1);
    expect(faultsOf({ type: "DockerRun", ports: [80, "x"] })[0]?.at).toBe("config.ports");
    expect(faultsOf(docker)).toEqual([]);
  });
});

describe("what the server says", () => {
  it("stands at the field that it names", () => {
    expect(faultOf("Required parameters were not supplied: {'target'}", ["limit", "target"]).at).toBe("target");
    expect(faultOf("Invalid idempotency_key: expected text, got 5.", []).at).toBe("idempotency_key");
    expect(faultOf("Invalid labels of run_config: expected …", []).at).toBe("labels");
    expect(faultOf("Something else", ["target"])).toEqual({ at: "", message: "Something else" });
  });
});

describe("former runs", () => {
  it("tell how long the next will take", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(usually([])).toBe(null);
    const run = (seconds: number, state = "Success") => ({
      state,
      start_time: "2026-11-27T00:00:00Z",
      end_time: new Date(Date.UTC(2026, 10, 27) + seconds * 1_000).toISOString(),
    });
    expect(usually([run(10), run(30, "Failed"), run(20), run(999, "Cancelled")])).toEqual({
      median: 20_000,
      count: 3,
      failed: 1,
    });
  });
  it("have names of two words", () => {
    expect(newName(() => 0)).toBe("amber-badger");
    expect(newName(() => 0.999)).toBe("zesty-zebra");
  });
});

describe("a draft", () => {
  let made: typeof import("../src/screens/form/draft.svelte");
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
  const flow = (parameters: unknown[], group: object = {}) => ({
    id: "flow-1",
    parameters,
    run_config: { type: "LocalRun", labels: ["eu"], working_dir: "/x" },
    environment: null,
    flow_group: { id: "group-1", labels: null, default_parameters: {}, run_config: null, ...group },
  });

  beforeAll(async () => {
    vi.stubGlobal("location", { href: "http://here/" });
    vi.stubGlobal("document", { baseURI: "http://here/", addEventListener: () => {}, visibilityState: "hidden" });
    vi.stubGlobal("addEventListener", () => {});
    vi.stubGlobal("sessionStorage", storage);
    vi.stubGlobal("localStorage", storage);
    made = await import("../src/screens/form/draft.svelte");
  });
  beforeEach(() => kept.clear());

  const draftOf = (parameters: unknown[], group: object = {}) =>
    new made.Draft(made.groundOf(flow(parameters, group) as never));

  it("sends what was touched, and only that, also when it equals the default", () => {
    const draft = draftOf([parameter("limit", 100), parameter("note", "x")]);
    expect(draft.given).toEqual({});
    draft.type("limit", "100");
    expect(draft.given).toEqual({ limit: 100 });
    expect(draft.whole).toEqual({ limit: 100, note: "x" });
    draft.reset("limit");
    expect(draft.given).toEqual({});
  });

  it("says what is missing until it is there", () => {
    const draft = draftOf([parameter("target")]);
    expect(draft.faults).toEqual([{ at: "target", message: "Give a value: the flow has no default for it." }]);
    draft.type("target", "sales");
    expect(draft.faults).toEqual([]);
  });

  it("is the same as a form and as JSON", () => {
    const draft = draftOf([parameter("limit", 100), parameter("options", { a: 1 })]);
    draft.type("limit", "5");
    expect(draft.openJson()).toBe(true);
    expect(JSON.parse(draft.json ?? "")).toEqual({ limit: 5 });
    draft.typeJson('{"options": {"a": 2}, "more": [1], "constructor": 1}');
    expect(draft.given).toEqual({ options: { a: 2 }, more: [1], constructor: 1 });
    expect(draft.field("limit")?.given).toBe(false);
    expect(draft.extras).toEqual(["more", "constructor"]);
    draft.typeJson('{"options": ');
    // Half-typed text takes nothing away.
    expect(draft.given).toEqual({ options: { a: 2 }, more: [1], constructor: 1 });
    expect(draft.faults[0]?.at).toBe("json");
    draft.json = null;
    draft.reset("more");
    expect(draft.names).toEqual(["limit", "options", "constructor"]);
  });

  it("does not lose what cannot be read by changing the view", () => {
    const draft = draftOf([parameter("limit", 100)]);
    draft.type("limit", "ten");
    expect(draft.openJson()).toBe(false);
    expect(draft.field("limit")?.text).toBe("ten");
  });

  it("keeps a value when it is entered in another way", () => {
    const draft = draftOf([parameter("limit", 100), parameter("note", null)]);
    draft.turn("limit", "json");
    expect(draft.field("limit")).toMatchObject({ kind: "json", text: "100", given: false });
    draft.turn("note", "none");
    expect(draft.given).toEqual({ note: null });
    draft.turn("note", "number");
    draft.type("note", "5");
    expect(draft.given).toEqual({ note: 5 });
    draft.turn("note", "text");
    expect(draft.given).toEqual({ note: "5" });
  });

  it("begins with all values of another run", () => {
    const draft = draftOf([parameter("limit", 100), parameter("gone", 1)]);
    draft.type("gone", "7");
    draft.startFrom({ id: "run-1", parameters: { limit: 100, old: "x" }, context: { day: 1 } });
    expect(draft.given).toEqual({ limit: 100, old: "x" });
    expect(draft.from).toBe("run-1");
    expect(JSON.parse(draft.context)).toEqual({ day: 1 });
  });

  it("outlives a reload and a change of the version, without what looks secret", () => {
    const parameters = [parameter("limit", 100), parameter("api_key", "")];
    const draft = draftOf(parameters);
    draft.type("limit", "5");
    draft.type("api_key", "hush");
    draft.env = [
      ["TOKEN", "hush"],
      ["COLOUR", "red"],
    ];
    draft.save();
    expect([...kept.values()].join()).not.toContain("hush");
    const again = draftOf(parameters);
    expect(again.restore()).toBe(true);
    expect(again.given).toEqual({ limit: 5 });
    expect(again.env).toEqual([["COLOUR", "red"]]);
    again.take(made.groundOf(flow([parameter("other", 1)]) as never));
    expect(again.given).toEqual({ limit: 5 });
    expect(again.extras).toEqual(["limit"]);
  });

  it("says the labels whenever it says a run configuration", () => {
    const draft = draftOf([], { labels: ["gpu"] });
    expect(draft.sentConfig).toBe(null);
    expect(draft.sentLabels).toBe(null);
    draft.level = "DEBUG";
    expect(draft.sentConfig).toEqual({
      type: "LocalRun",
      labels: ["eu"],
      working_dir: "/x",
      env: { PREFECT__LOGGING__LEVEL: "DEBUG" },
    });
    expect(draft.sentLabels).toEqual(["gpu"]);
  });

  it("knows a time that the clocks skip", () => {
    const draft = draftOf([]);
    draft.later = true;
    draft.zone = "Europe/Berlin";
    draft.wall = "2027-03-28T02:30";
    expect(draft.faults[0]).toEqual({ at: "when", message: "This time does not exist: the clocks skip it." });
    draft.wall = "2027-03-28T03:30";
    expect(draft.start).toBe(Date.UTC(2027, 2, 28, 1, 30));
  });
});
