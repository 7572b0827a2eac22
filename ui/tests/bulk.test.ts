import { describe, expect, it } from "vitest";
import type { Doc } from "../src/data/doc";
import { examplesOf, freeze, statesOf, work, type Frozen, type Progress } from "../src/data/bulk";

const run = (index: number, state = "Running"): Frozen => ({
  id: `${String(index).padStart(8, "0")}-0000-0000-0000-000000000000`,
  name: `run ${index}`,
  state,
  flow: { name: "nightly" },
});
const runs = (count: number) => Array.from({ length: count }, (_, index) => run(index));

/** A server of our own: it keeps what it was asked and answers by the name of the document. */
function server(answers: Record<string, (variables: never) => unknown>) {
  const asked: { name: string; variables: Record<string, unknown> }[] = [];
  const ask = async <Answer, Variables>(doc: Doc<Answer, Variables>, variables: Variables): Promise<Answer> => {
    asked.push({ name: doc.name, variables: variables as Record<string, unknown> });
    const answer = answers[doc.name];
    if (!answer) throw new Error(`Nobody answers ${doc.name}`);
    return answer(variables as never) as Answer;
  };
  return { ask, asked };
}

describe("the set", () => {
  it("is read by key, page after page, and ends at a time", async () => {
    const all = runs(1_203);
    const { ask, asked } = server({
      RunIds: ({ where, limit }: { where: { _and: { id?: { _gt: string } }[] }; limit: number }) => ({
        flow_run: all.filter((one) => one.id > (where._and[2]?.id?._gt ?? "")).slice(0, limit),
      }),
    });
    const counts: number[] = [];
    const found = await freeze(ask, { state: { _eq: "Failed" } }, 0, (count) => counts.push(count));
    expect(found).toEqual(all);
    expect(counts).toEqual([500, 1_000, 1_203]);
    const first = asked[0]?.variables["where"] as { _and: unknown[] };
    expect(first._and.slice(0, 2)).toEqual([
      { state: { _eq: "Failed" } },
      { created: { _lte: "1970-01-01T00:00:00.000Z" } },
    ]);
  });
  it("is counted by state and shown by examples from all over", () => {
    const all = [...runs(7), run(8, "Failed")];
    expect(statesOf(all)).toEqual([
      ["Running", 7],
      ["Failed", 1],
    ]);
    expect(examplesOf(runs(100)).map((one) => one.name)).toEqual(["run 0", "run 20", "run 40", "run 60", "run 80"]);
    expect(examplesOf(runs(2))).toHaveLength(2);
  });
});

describe("the work", () => {
  const go = new AbortController().signal;
  it("goes on after a refusal, and tells it", async () => {
    const { ask, asked } = server({
      CancelOne: ({ id }: { id: string }) => ({
        cancel_flow_run: { state: id.startsWith("00000003") ? "Success" : "Cancelling" },
      }),
    });
    const told: number[] = [];
    const end = await work(ask, runs(60), { kind: "cancel" }, (now: Progress) => told.push(now.done), go);
    expect(told).toEqual([25, 50, 60]);
    expect(asked).toHaveLength(60);
    expect(end.refused.map((one) => [one.run.name, one.reason])).toEqual([
      ["run 3", "It is Success and was left as it is."],
    ]);
  });
  it("takes an error of one run as a refusal of that one", async () => {
    const { ask } = server({
      DeleteOne: ({ id }: { id: string }) => {
        if (id.startsWith("00000001")) throw new Error("It is locked");
        return { delete_flow_run: { success: true } };
      },
    });
    const end = await work(ask, runs(3), { kind: "delete" }, () => {}, go);
    expect(end.done).toBe(3);
    expect(end.refused.map((one) => one.reason)).toEqual(["It is locked"]);
  });
  it("stops where a person says so; the rest is named", async () => {
    const stop = new AbortController();
    const { ask } = server({ CancelOne: () => ({ cancel_flow_run: { state: "Cancelled" } }) });
    const end = await work(ask, runs(60), { kind: "cancel" }, () => stop.abort(), stop.signal);
    expect(end.done).toBe(25);
    expect(end.left.map((one) => one.name)).toEqual(
      runs(60)
        .slice(25)
        .map((one) => one.name),
    );
  });
  it("ends when the server is gone, instead of naming every run", async () => {
    const gone = Object.assign(new Error("The server cannot be reached."), { code: "NETWORK" });
    const { ask, asked } = server({
      CancelOne: () => {
        throw gone;
      },
    });
    const end = await work(ask, runs(60), { kind: "cancel" }, () => {}, go);
    expect(asked).toHaveLength(25);
    expect(end.refused).toEqual([]);
    expect(end.left).toHaveLength(60);
  });
  it("restarts a batch in one request and tells what the server refused", async () => {
    const { ask, asked } = server({
      RestartSome: ({ ids }: { ids: string[] }) => ({
        restart_flow_runs: {
          flow_runs: ids.map((id, index) => ({
            flow_run_id: id,
            restarted: index > 0,
            reason: index > 0 ? null : "Nothing failed.",
          })),
        },
      }),
    });
    const deed = { kind: "restart", from: "FAILED", parameters: { limit: 5 } } as const;
    const end = await work(ask, runs(30), deed, () => {}, go);
    expect(asked.map((one) => (one.variables["ids"] as string[]).length)).toEqual([25, 5]);
    expect(asked[0]?.variables["parameters"]).toEqual({ limit: 5 });
    expect(end.refused.map((one) => one.run.name)).toEqual(["run 0", "run 25"]);
  });
});
