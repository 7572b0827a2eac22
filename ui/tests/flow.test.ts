import { describe, expect, it } from "vitest";
import { runsFor, usualTimes } from "../src/screens/flow/medians";
import { columns, dayOf, monday, plusDays, table } from "../src/screens/calendar/cells";
import { pairs, signed, zeroOf, type TaskRow } from "../src/screens/compare/pairs";
import { grouped } from "../src/screens/flow/failures";
import { clocksOf, cronFault, edited, seconds, words } from "../src/screens/flow/schedules";
import { retries, shortTrigger } from "../src/screens/flow/tasks";
import { changes, type Side } from "../src/screens/flow/versions";
import { matching, sorted, windowOf } from "../src/screens/flows/list";

describe("the list of flows", () => {
  const flow = (name: string, project: string, created = "2026-01-01") => ({
    name,
    version: 1,
    created,
    project: { name: project },
  });
  const rows = [flow("b10", "y"), flow("b9", "x", "2026-02-01"), flow("A", "y")];

  it("is ordered as people count", () => {
    expect(sorted(rows, "name").map((one) => one.name)).toEqual(["A", "b9", "b10"]);
    expect(sorted(rows, "project").map((one) => one.name)).toEqual(["b9", "A", "b10"]);
    expect(sorted(rows, "created")[0]?.name).toBe("b9");
  });
  it("is searched by words of name and project", () => {
    expect(matching(rows, " B y").map((one) => one.name)).toEqual(["b10"]);
    expect(matching(rows, "")).toHaveLength(3);
  });
  it("is drawn only where it is seen", () => {
    expect(windowOf(5_000, 44, 44_000, 880)).toEqual({ from: 990, to: 1_030 });
    expect(windowOf(3, 44, 0, 880)).toEqual({ from: 0, to: 3 });
    expect(windowOf(0, 44, 0, 880)).toEqual({ from: 0, to: 0 });
    expect(windowOf(5, 44, 99_999, 880)).toEqual({ from: 4, to: 5 });
  });
});

describe("a schedule", () => {
  const schedule = {
    type: "Schedule",
    clocks: [
      { type: "CronClock", cron: "0 2 * * *", start_date: { dt: "2026-11-27T00:00:00", tz: "Europe/Berlin" } },
      { type: "IntervalClock", interval: 7 * 3_600 * 1_000_000, parameter_defaults: { n: 1 } },
      { type: "DatesClock", dates: ["a", "b"] },
      { type: "SomeClock" },
    ],
  };
  it("is read from what the API gives", () => {
    const clocks = clocksOf(schedule);
    expect(clocks.map(words)).toEqual(["cron 0 2 * * *, Europe/Berlin", "every 7 h", "on 2 dates", "SomeClock"]);
    expect(clocksOf(null)).toEqual([]);
  });
  it("is edited where it can be given back", () => {
    const [cron, interval, dates] = clocksOf(schedule).map(edited);
    expect(cron).toMatchObject({ kind: "cron", cron: "0 2 * * *" });
    expect(interval).toMatchObject({ amount: "7", unit: "hours", parameters: '{\n  "n": 1\n}' });
    expect(dates).toBe(null);
    expect(interval && seconds(interval)).toEqual({ value: 25_200, fault: null });
  });
  it("is told what is wrong with a clock", () => {
    expect(cronFault("0 2 * * *")).toBe(null);
    expect(cronFault("0 2 * *")).toContain("five parts");
    expect(cronFault("@daily")).toBe(null);
    expect(cronFault("")).not.toBe(null);
    expect(seconds({ kind: "interval", cron: "", amount: "0.5", unit: "minutes", parameters: "" }).fault).toContain(
      "one minute",
    );
  });
});

describe("two versions", () => {
  const task = (id: string, slug: string, more: object = {}) => ({
    id,
    name: slug,
    slug,
    type: "T",
    mapped: false,
    tags: [],
    max_retries: 0,
    retry_delay: null,
    trigger: "t",
    auto_generated: false,
    ...more,
  });
  const side = (more: Partial<Side>): Side => ({
    parameters: [],
    run_config: { type: "LocalRun", __version__: "1" },
    schedule: null,
    storage: null,
    core_version: "1",
    tasks: [],
    edges: [],
    ...more,
  });
  it("differ in parameters, tasks and how they run", () => {
    const found = changes(
      side({
        parameters: [{ name: "a", default: 1, required: false, type: "P" }],
        tasks: [task("1", "x"), task("2", "y")],
      }),
      side({
        parameters: [
          { name: "a", default: 2, required: false, type: "P" },
          { name: "b", required: true, type: "P" },
        ],
        tasks: [task("3", "x", { max_retries: 2 }), task("4", "z")],
        edges: [{ upstream_task_id: "4", downstream_task_id: "3" }],
        run_config: { type: "LocalRun", __version__: "2" },
        core_version: "2",
      }),
    );
    expect(found.parameters.map((one) => `${one.what} ${one.kind}`).sort()).toEqual(["a changed", "b added"]);
    expect(found.tasks.map((one) => `${one.what} ${one.kind}`)).toEqual(["x changed", "z added", "y removed"]);
    expect(found.tasks[0]?.parts.map((one) => one.path)).toEqual(["retries", "waits for"]);
    // The version that wrote a run configuration is no difference of it.
    expect(found.others.map((one) => one.what)).toEqual(["version of the library"]);
  });
});

describe("failures of a flow", () => {
  it("are one when only numbers and ids differ", () => {
    const failed = (message: string, run: string, time: string) => ({
      state_message: message,
      flow_run_id: run,
      end_time: time,
      task: { id: "t", name: "clean" },
    });
    const [first, second] = grouped([
      failed("No row 17", "r1", "2026-01-02"),
      failed("No row 18", "r2", "2026-01-01"),
      failed("Else", "r1", "2026-01-01"),
    ]);
    expect(first).toMatchObject({ message: "No row 17", count: 2, runs: ["r1", "r2"], first: "2026-01-01" });
    expect(second?.count).toBe(1);
  });
});

describe("a task", () => {
  it("is described in a few words", () => {
    expect(retries(2, "0:00:10")).toBe("2, after 10 s");
    expect(retries(3, "1 day, 0:00:00")).toBe("3, after 1 d");
    expect(retries(0, null)).toBe("");
    expect(shortTrigger("prefect.triggers.all_successful")).toBe("all succeeded");
    expect(shortTrigger("my.own_trigger")).toBe("own trigger");
  });
});

describe("two runs", () => {
  const row = (slug: string, from: number, to: number | null, state = "Success"): TaskRow => ({
    id: `${slug}-${from}`,
    state,
    start_time: new Date(from).toISOString(),
    end_time: to === null ? null : new Date(to).toISOString(),
    task: { slug, name: slug, mapped: false },
  });
  it("are measured from their own start, the largest difference first", () => {
    const a = [row("load", 10_000, 40_000), row("clean", 11_000, 12_000), row("only-a", 0, 1)];
    const b = [row("load", 100_000, 110_000), row("clean", 100_000, 101_050)];
    const all = pairs(
      a,
      b,
      zeroOf({ start_time: null }, a),
      zeroOf({ start_time: new Date(99_000).toISOString() }, b),
      0,
    );
    expect(all.map((one) => one.slug)).toEqual(["load", "clean", "only-a"]);
    expect(all[0]?.apart).toBe(20_000);
    expect(all[0]?.b?.from).toBe(1_000);
    expect(all[1]?.differs).toBe(false);
    expect(all[2]?.differs).toBe(true);
    expect(signed(all[0]?.apart ?? 0, (one) => `${one / 1_000} s`)).toBe("+20 s");
    expect(signed(-20, String)).toBe("");
  });
});

describe("the calendar", () => {
  it("knows weeks and the days on which clocks change", () => {
    expect(monday("2026-11-29")).toBe("2026-11-23");
    expect(monday("2026-11-23")).toBe("2026-11-23");
    expect(plusDays("2026-12-31", 1)).toBe("2027-01-01");
    expect(dayOf(Date.UTC(2026, 10, 28, 23, 30), "Europe/Berlin")).toBe("2026-11-29");
    expect(columns("2027-03-28", "day", "Europe/Berlin")).toHaveLength(23);
    expect(columns("2027-10-31", "day", "Europe/Berlin")).toHaveLength(25);
    const week = columns("2027-03-28", "week", "Europe/Berlin");
    expect(week).toHaveLength(7);
    expect((week[6]?.to ?? 0) - (week[6]?.from ?? 0)).toBe(23 * 3_600_000);
  });
  it("lays counts of each column into rows of flows", () => {
    const counted = [
      [{ flow_group_id: "b", state: "Success", count: 2_500 }],
      [
        { flow_group_id: "b", state: "Cached", count: 1 },
        { flow_group_id: "b", state: "Success", count: 1 },
        { flow_group_id: "b", state: "TimedOut", count: 1 },
        { flow_group_id: "a", state: "Scheduled", count: 1 },
        { flow_group_id: null, state: "Success", count: 9 },
      ],
    ];
    const rows = table(
      counted,
      new Map([
        ["a", "archive"],
        ["b", "billing"],
      ]),
    );
    expect(rows.map((one) => [one.name, one.total])).toEqual([
      ["archive", 1],
      ["billing", 2_503],
    ]);
    expect(rows[1]?.cells).toEqual([{ success: 2_500 }, { success: 2, failed: 1 }]);
    expect(rows[0]?.cells).toEqual([{}, { planned: 1 }]);
  });
});

describe("how long tasks usually take", () => {
  const time = (task: string, seconds: number | null, map = -1) => ({
    task_id: task,
    map_index: map,
    start_time: "2026-11-28T10:00:00+00:00",
    end_time: seconds === null ? null : new Date(Date.UTC(2026, 10, 28, 10) + seconds * 1_000).toISOString(),
  });
  it("is the median, of a mapped task that of its children", () => {
    const usual = usualTimes([
      time("a", 1),
      time("a", 9),
      time("a", 2),
      time("a", null),
      time("m", 600),
      time("m", 4, 0),
      time("m", 6, 1),
      time("unfinished", null),
    ]);
    expect(usual.get("a")).toEqual({ median: 2_000, count: 3, each: false });
    expect(usual.get("m")).toEqual({ median: 5_000, count: 2, each: true });
    expect(usual.has("unfinished")).toBe(false);
  });
  it("is looked for in fewer runs of large flows", () => {
    expect([0, 10, 1_000, 5_000, 50_000].map(runsFor)).toEqual([10, 10, 10, 2, 1]);
  });
});
