import { describe, expect, it } from "vitest";
import { chipsOf, frozen, isWide, orderOf, readFilters, timeOf, unfrozen, whereOf } from "../src/data/filters";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const read = (query: string) => readFilters(new URLSearchParams(query));
const where = (query: string) => whereOf(read(query), NOW);
const GROUP = "52af28f9-dba0-4adf-b85f-e506fff917d4";

describe("the address of a list of runs", () => {
  it("leaves out what is planned for later, unless it is asked for", () => {
    expect(where("")).toEqual({ scheduled_start_time: { _lt: "2026-11-28T12:02:00.000Z" } });
    for (const query of ["due=all", "state=Scheduled", "q=x", "until=2027-01-01"])
      expect(JSON.stringify(where(query))).not.toContain("12:02:00");
  });
  it("becomes a condition of the API", () => {
    expect(where(`due=all&state=Failed&flow=${GROUP}&label=eu&label=gpu&by=schedule`)).toEqual({
      _and: [
        { state: { _in: ["Failed"] } },
        { flow: { flow_group_id: { _eq: GROUP } } },
        { labels: { _contains: ["eu", "gpu"] } },
        { auto_scheduled: { _eq: true } },
      ],
    });
  });
  it("takes the states of a link of other screens, joined by commas", () => {
    expect(read("state=Running,Submitted").states).toEqual(["Running", "Submitted"]);
  });
  it("finds late runs, twenty seconds after their time", () => {
    expect(where("due=late")).toEqual({
      _and: [{ state: { _eq: "Scheduled" } }, { scheduled_start_time: { _lt: "2026-11-28T11:59:40.000Z" } }],
    });
  });
  it("looks for a parameter that is a number, and for one that is the same text", () => {
    expect(where("due=all&param.n=5")).toEqual({
      _or: [{ parameters: { _contains: { n: 5 } } }, { parameters: { _contains: { n: "5" } } }],
    });
    expect(where("due=all&param.day=today")).toEqual({ parameters: { _contains: { day: "today" } } });
  });
  it("searches names as they are typed, and an id as an id", () => {
    expect(where("q=50%25_x")).toEqual({
      _or: [{ name: { _ilike: "%50\\%\\_x%" } }, { flow: { name: { _ilike: "%50\\%\\_x%" } } }],
    });
    expect(where(`q=${GROUP}`)).toEqual({ id: { _eq: GROUP } });
  });
  it("ignores what is no id or no time", () => {
    expect(where("due=all&flow=1;drop&since=yesterday&agent=x")).toEqual({});
  });
  it("reads times relative to now", () => {
    expect(timeOf("-24h", NOW)).toBe(NOW - 86_400_000);
    expect(timeOf("+2d", NOW)).toBe(NOW + 172_800_000);
    expect(timeOf("2026-11-28T10:00:00Z", NOW)).toBe(NOW - 7_200_000);
    expect(timeOf(null, NOW)).toBeNaN();
  });
  it("says when every run has to be looked at", () => {
    expect(isWide(read("label=eu"))).toBe(true);
    expect(isWide(read("label=eu&since=-7d"))).toBe(false);
    expect(isWide(read(`param.a=1&flow=${GROUP}`))).toBe(false);
  });
  it("names each condition, and how the address is without it", () => {
    const chips = chipsOf(read(`state=Failed&state=TimedOut&state=TriggerFailed&flow=${GROUP}&label=a&label=b`), {
      [GROUP]: "nightly",
    });
    expect(chips.map((one) => `${one.name} ${one.value}`)).toEqual([
      "state any failure",
      "flow nightly",
      "label a",
      "label b",
    ]);
    expect(chips[2]?.without).toEqual({ label: ["b"] });
  });
  it("freezes a list and gives it back", () => {
    const plain = where("due=all&state=Failed");
    expect(unfrozen(frozen(plain, NOW))).toEqual(plain);
    const two = where("state=Failed&by=hand");
    expect(unfrozen(two)).toEqual(two);
  });
  it("orders by an index alone", () => {
    expect(orderOf("scheduled")).toEqual([{ scheduled_start_time: "desc" }]);
    expect(orderOf("oldest")).toEqual([{ scheduled_start_time: "asc" }]);
  });
});
