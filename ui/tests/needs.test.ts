import { describe, expect, it } from "vitest";
import {
  failing,
  lateOnes,
  leave,
  leftByAll,
  notNow,
  unleaveOne,
  NOT_NOW_MS,
  silent,
  troubles,
} from "../src/screens/home/needs";
import { barsOf, pieceOf, span, sumOf } from "../src/data/history";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();
const failed = (id: string, group: string, minutes: number) => ({
  id,
  name: `run ${id}`,
  state_message: "Some reference tasks failed.",
  start_time: ago(minutes + 1),
  end_time: ago(minutes),
  scheduled_start_time: ago(minutes + 1),
  flow: { name: `flow ${group}`, flow_group_id: group, project_id: "p" },
});
const ended = (group: string, ...runs: [string, number][]) => ({
  id: group,
  flows: runs.map(([state, minutes]) => ({ flow_runs: [{ id: "x", state, start_time: ago(minutes) }] })),
});

describe("what needs a person", () => {
  it("is a flow whose newest finished run failed; a success since then settles it", () => {
    const failures = [failed("1", "a", 5), failed("2", "b", 10), failed("3", "a", 60)];
    const needs = failing(failures, [ended("a", ["Failed", 5]), ended("b", ["Failed", 10], ["Success", 2])]);
    expect(needs.map((one) => [one.title, one.path])).toEqual([["flow a", "flow-run/1"]]);
    expect(needs[0]?.text).toContain("2");
  });
  it("is a silent agent only while runs wait that nobody else takes", () => {
    const agent = (name: string, labels: string[], minutes: number) => ({
      id: name,
      name,
      labels,
      last_queried: ago(minutes),
    });
    const late = [{ id: "r", name: "r", scheduled_start_time: ago(3), labels: ["gpu"], flow: { name: "f" } }];
    const names = (agents: ReturnType<typeof agent>[]) => silent(agents, late, NOW).map((one) => one.title);
    expect(names([agent("gpu-1", ["gpu"], 30), agent("eu-1", ["eu"], 30)])).toEqual(["gpu-1"]);
    expect(names([agent("gpu-1", ["gpu"], 30), agent("gpu-2", ["gpu", "eu"], 1)])).toEqual([]);
  });
  it("names agents that the same runs wait for in one line", () => {
    const late = [{ id: "r", name: "r", scheduled_start_time: ago(3), labels: ["eu"], flow: { name: "f" } }];
    const agents = ["a", "b", "c"].map((name) => ({ id: name, name, labels: ["eu"], last_queried: ago(20) }));
    const needs = silent(agents, late, NOW);
    expect(needs.map((one) => `${one.title} ${one.text}`)).toEqual([
      "a, b and c are silent; 1 run waits for one of them",
    ]);
  });
  it("tells of late runs with why the first of them waits", () => {
    const run = { id: "r", name: "r", scheduled_start_time: ago(3), labels: [], flow: { name: "f" } };
    const why = { ready: false, reasons: ["No agent."] };
    expect(lateOnes([run], 1, why, NOW)[0]).toMatchObject({ path: "flow-run/r", detail: "No agent." });
    expect(lateOnes([run, run], 7, null, NOW)[0]).toMatchObject({ path: "queue", title: "7 runs" });
    const free = { ready: true, reasons: ["Nothing holds it back."] };
    expect(lateOnes([{ ...run, scheduled_start_time: ago(1) }], 1, free, NOW)).toEqual([]);
    expect(lateOnes([run], 1, free, NOW)).toHaveLength(1);
    expect(lateOnes([], 0, null, NOW)).toEqual([]);
  });
  it("is left alone for a day when a person says not now", () => {
    let text: string | null = null;
    const shelf = { getItem: () => text, setItem: (_: string, value: string) => void (text = value) };
    leave("failed 1", NOW, shelf);
    expect("failed 1" in notNow(NOW + NOT_NOW_MS - 1, shelf)).toBe(true);
    expect(notNow(NOW + NOT_NOW_MS, shelf)).toEqual({});
    leave("failed 2", NOW, shelf);
    expect(Object.keys(unleaveOne("failed 1", NOW, shelf))).toEqual(["failed 2"]);
    expect(Object.keys(notNow(NOW, shelf))).toEqual(["failed 2"]);
    text = "spoiled";
    expect(notNow(NOW, shelf)).toEqual({});
    const until = new Date(NOW).toISOString();
    expect(leftByAll([{ name: "failed 3", expires_at: until }])).toEqual({ "failed 3": NOW });
  });
});

describe("runs by hour", () => {
  it("begins at round times and holds now in its last piece", () => {
    expect(span(NOW + 60_000, 24, 3_600_000)).toEqual([NOW - 23 * 3_600_000, NOW + 3_600_000]);
    expect(span(NOW, 1, 3_600_000)).toEqual([NOW, NOW + 3_600_000]);
  });
  it("is cut into few pieces of a round length", () => {
    expect(pieceOf(86_400_000)).toBe(1_800_000);
    expect(pieceOf(3_600_000)).toBe(60_000);
    expect(pieceOf(365 * 86_400_000)).toBe(10_080 * 60_000);
  });
  it("counts states in families, also where nothing ran", () => {
    const buckets = [
      { time: new Date(NOW).toISOString(), total: 9, counts: { Success: 4, TimedOut: 2, Cancelled: 1, Running: 2 } },
    ];
    expect(barsOf(buckets, NOW - 3_600_000, NOW + 3_600_000, 3_600_000)).toEqual([
      { from: NOW - 3_600_000, to: NOW, done: 0, failed: 0, cancelled: 0, other: 0 },
      { from: NOW, to: NOW + 3_600_000, done: 4, failed: 2, cancelled: 1, other: 2 },
    ]);
  });
  it("adds up", () => {
    const bar = { from: 0, to: 1, done: 2, failed: 1, cancelled: 0, other: 3 };
    expect(sumOf([bar, bar])).toEqual({ done: 4, failed: 2, cancelled: 0, other: 6 });
  });
});

describe("hooks and automations in trouble", () => {
  const told = (id: string, subject: string, minutes: number, kind = "cloud_hook") => ({
    id,
    text: "Cloud hook WEBHOOK was given up after 8 attempts: Webhook answered 500",
    updated: ago(minutes),
    content: { subject: kind, subject_id: subject, kind: "WEBHOOK", reason: "Webhook answered 500" },
  });
  it("are one need each, however many days tell of them", () => {
    const needs = troubles(
      [told("m1", "h1", 5), told("m2", "h1", 1_500), told("m3", "a1", 9, "action")],
      [{ id: "h1", name: "on call" }],
      [{ id: "a1", name: null }],
    );
    expect(needs.map((one) => [one.title, one.path, one.message, one.detail])).toEqual([
      ["on call", "settings/hooks", "m1", "Webhook answered 500"],
      ["An automation of the kind WEBHOOK", "automations", "m3", "Webhook answered 500"],
    ]);
    expect(needs[0]?.text).toContain("on 2 days");
  });
  it("are told by their text when nothing else is known", () => {
    const [need] = troubles([{ id: "m", text: "given up", updated: ago(1), content: null }], [], []);
    expect([need?.detail, need?.path]).toEqual(["given up", "automations"]);
  });
});
