import { describe, expect, it } from "vitest";
import { beginning, folded, reached } from "../src/draw/groups";
import { layout, spaced } from "../src/draw/layout";

const wish = (count: number, edges: number[]) => layout({ count, edges, apart: 100, gap: 40 });

describe("the layout of a graph", () => {
  it("puts every node right of what it waits for", () => {
    const found = wish(4, [0, 1, 1, 2, 0, 3, 3, 2]);
    expect([...found.layer]).toEqual([0, 1, 2, 1]);
    expect([...found.x]).toEqual([0, 100, 200, 100]);
    expect(Math.abs((found.y[1] as number) - (found.y[3] as number))).toBeGreaterThanOrEqual(40);
  });
  it("bends a long edge once in each layer it crosses", () => {
    const found = wish(4, [0, 1, 1, 2, 2, 3, 0, 3]);
    expect(found.bends.map((one) => one.length / 2)).toEqual([0, 0, 0, 2]);
  });
  it("leaves no crossing that a swap of two would take away", () => {
    // a → d, b → c: drawn in the order of their numbers the two edges cross.
    const found = wish(4, [0, 3, 1, 2]);
    const above = (a: number, b: number) => (found.y[a] as number) < (found.y[b] as number);
    expect(above(0, 1)).toBe(above(3, 2));
  });
  it("lives with circles and with an edge to itself", () => {
    const found = wish(3, [0, 1, 1, 2, 2, 0, 1, 1]);
    expect(new Set(found.layer).size).toBe(3);
  });
  it("keeps neighbours apart at any size", () => {
    const edges: number[] = [];
    for (let node = 1; node < 2_000; node += 1) edges.push(Math.floor((node - 1) / 3), node);
    const found = wish(2_000, edges);
    const byLayer = new Map<number, number[]>();
    found.layer.forEach((at, node) => byLayer.set(at, [...(byLayer.get(at) ?? []), found.y[node] as number]));
    for (const column of byLayer.values()) {
      column.sort((a, b) => a - b);
      for (let at = 1; at < column.length; at += 1)
        expect((column[at] as number) - (column[at - 1] as number)).toBeGreaterThan(39.9);
    }
  });
  it("has an answer for nothing", () => {
    expect(wish(0, [])).toMatchObject({ width: 0, height: 0 });
  });
});

describe("room in a layer", () => {
  it("moves points as little as possible", () => {
    expect(spaced([0, 0, 100], [10, 10, 10])).toEqual([-5, 5, 100]);
  });
});

describe("folding by names", () => {
  it("knows beginnings", () => {
    expect(["load-eu", "load_us", "load[3]", "load 2", "[x]"].map(beginning)).toEqual([
      "load",
      "load",
      "load",
      "load",
      "[x]",
    ]);
  });
  it("folds three and more, joins their edges, and opens what is asked for", () => {
    const names = ["start", "load-1", "load-2", "load-3", "end"];
    const edges = [
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 4],
      [2, 4],
      [3, 4],
    ] as [number, number][];
    const shut = folded(names, edges, true, new Set());
    expect(shut.nodes.map((one) => one.name)).toEqual(["start", "load", "end"]);
    expect(shut.edges).toEqual([0, 1, 1, 2]);
    expect(folded(names, edges, true, new Set(["load"])).nodes).toHaveLength(5);
    expect(folded(names, edges, false, new Set()).nodes).toHaveLength(5);
  });
  it("finds what lies down and up the stream", () => {
    expect([...reached(4, [0, 1, 1, 2, 3, 1], 1, false)]).toEqual([2]);
    expect([...reached(4, [0, 1, 1, 2, 3, 1], 1, true)].sort()).toEqual([0, 3]);
  });
});
