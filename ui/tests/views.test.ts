import { describe, expect, it } from "vitest";
import { dropView, keepView, plain, savedViews } from "../src/screens/runs/views";

function shelf(text: string | null = null) {
  return {
    getItem: () => text,
    setItem: (_key: string, value: string) => {
      text = value;
    },
  };
}

describe("saved views", () => {
  it("are the same whatever the order of the address, and without the place in the list", () => {
    expect(plain("state=Failed&label=eu&at=400")).toBe(plain("label=eu&state=Failed"));
    expect(plain("q=&at=1")).toBe("");
  });
  it("are kept by name, replaced and dropped", () => {
    const store = shelf();
    keepView("t", { name: " mine ", query: "state=Failed&at=5" }, store);
    keepView("t", { name: "mine", query: "state=Running" }, store);
    expect(savedViews("t", store)).toEqual([{ name: "mine", query: "state=Running" }]);
    expect(dropView("t", "mine", store)).toEqual([]);
  });
  it("are none when what is kept is spoiled", () => {
    for (const text of ["{", "5", '[{"name":1}]', "null"]) expect(savedViews("t", shelf(text))).toEqual([]);
  });
});
