import { describe, expect, it } from "vitest";
import { IN_ADDRESS, readSelection, selectionText } from "../src/screens/runs/selection";

function shelf() {
  const kept = new Map<string, string>();
  return {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, text: string) => void kept.set(name, text),
  };
}
const idsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => `${String(index).padStart(8, "0")}-0000-0000-0000-000000000000`);

describe("what is selected", () => {
  it("stands in the address when it is short", () => {
    const ids = idsOf(3);
    expect(selectionText(ids, "x", shelf())).toBe(ids.join(","));
    expect(readSelection(ids.join(","), "x", shelf())).toEqual(ids);
    expect(selectionText([], "x", shelf())).toBeNull();
  });
  it("is kept by the tab when it is long, also of an earlier address", () => {
    const here = shelf();
    const [some, more] = [idsOf(IN_ADDRESS + 1), idsOf(500)];
    const first = selectionText(some, "x", here);
    const second = selectionText(more, "x", here);
    expect((first ?? "").length).toBeLessThan(20);
    expect(readSelection(first, "x", here)).toEqual(some);
    expect(readSelection(second, "x", here)).toEqual(more);
    expect(readSelection(second, "x", shelf())).toEqual([]);
  });
  it("that is all of one list is nothing of another", () => {
    const all = selectionText("all", "state Failed", shelf());
    expect(readSelection(all, "state Failed", shelf())).toBe("all");
    expect(readSelection(all, "state Running", shelf())).toEqual([]);
  });
  it("takes no word for an id", () => {
    expect(readSelection("a,b,<script>", "x", shelf())).toEqual([]);
    expect(readSelection("kept.nothing", "x", { ...shelf(), getItem: () => "not JSON" })).toEqual([]);
  });
});
