import { describe, expect, it } from "vitest";
import { match, moved, split } from "../src/frame/routes";

describe("addresses", () => {
  it("tells the tenant from the screen", () => {
    expect(split("default/runs")).toEqual({ slug: "default", rest: "runs" });
    expect(split("flow-run/1?x")).toEqual({ slug: null, rest: "flow-run/1?x" });
    expect(split("")).toEqual({ slug: null, rest: "" });
  });
  it("finds the screen and its parts", () => {
    expect(match("flow/9/run")?.screen.title).toBe("Run a flow");
    expect(match("flow/9/schedules")?.params).toEqual({ group: "9", tab: "schedules" });
    expect(match("nothing/here")).toBeNull();
  });
  it("leads from the addresses of 1.x to the new ones", () => {
    const to = (rest: string, query: string) => {
      const now = moved(rest, new URLSearchParams(query));
      return now && `${now.rest}?${now.query}`;
    };
    expect(to("flow-run/1", "schematic")).toBe("flow-run/1/graph?");
    expect(to("flow-run/1", "logId=7")).toBe("flow-run/1?line=7");
    expect(to("flow-run/1", "logs")).toBe("flow-run/1?");
    expect(to("", "calendar")).toBe("calendar?");
    expect(to("agent", "")).toBe("agents?");
    expect(to("graphql", "")).toBe("api?");
    expect(to("runs", "state=Failed")).toBeNull();
  });
});
