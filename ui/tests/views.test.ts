import { describe, expect, it } from "vitest";
import {
  allViews,
  dropView,
  forget,
  keepForMe,
  keepView,
  plain,
  savedViews,
  type View,
} from "../src/screens/runs/views";

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

describe("views of a person", () => {
  function server(all: View[], refuses = false) {
    return {
      all,
      list: () => Promise.resolve(all),
      keep: (view: View) => (refuses ? Promise.reject(new Error("no")) : Promise.resolve(void all.push(view))),
      drop: (name: string) => {
        const at = all.findIndex((one) => one.name === name);
        if (at >= 0) all.splice(at, 1);
        return Promise.resolve();
      },
    };
  }
  const old = { name: "old", query: "state=Failed" };
  it("are those of the server, which takes over what only the browser had", async () => {
    const store = shelf();
    keepView("t", old, store);
    keepView("t", { name: "both", query: "q=here" }, store);
    const place = server([{ name: "both", query: "q=there" }]);
    const all = [{ name: "both", query: "q=there" }, old];
    expect(await allViews("t", place, store)).toEqual(all);
    expect(place.all).toEqual(all);
    expect(savedViews("t", store)).toEqual([]);
  });
  it("stay in the browser where the server refuses", async () => {
    const store = shelf();
    const place = server([], true);
    expect(await keepForMe("t", { name: " old ", query: "state=Failed&at=3" }, place, store)).toBe(false);
    expect(await allViews("t", place, store)).toEqual([old]);
    expect(savedViews("t", store)).toEqual([old]);
    await forget("t", "old", place, store);
    expect(await allViews("t", place, store)).toEqual([]);
  });
  it("are kept and forgotten on the server", async () => {
    const store = shelf();
    const place = server([]);
    expect(await keepForMe("t", { name: "old", query: "state=Failed" }, place, store)).toBe(true);
    expect(place.all).toEqual([old]);
    await forget("t", "old", place, store);
    expect(await allViews("t", place, store)).toEqual([]);
  });
});
