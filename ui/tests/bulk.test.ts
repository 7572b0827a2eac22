import { describe, expect, it } from "vitest";
import type { Doc } from "../src/data/doc";
import { byReason, freeze, tryOut, triedOf, work, type Frozen, type Progress } from "../src/data/bulk";

const idOf = (index: number) => `${String(index).padStart(8, "0")}-0000-0000-0000-000000000000`;
const idsOf = (count: number) => Array.from({ length: count }, (_, index) => idOf(index));
const MOMENT = "2026-11-28T20:00:00.123456+00:00";

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

const frozenOf = (count: number, ids: string[] | null = null): Frozen => ({
  where: { state: { _eq: "Running" } },
  moment: MOMENT,
  count,
  states: [["Running", count]],
  examples: [],
  ids,
});

describe("the set", () => {
  const counted = {
    cancel_flow_runs: {
      created_before: MOMENT,
      count: 1_203,
      states: { Failed: 3, Running: 1_200 },
      examples: idsOf(5).map((id) => ({ id })),
    },
  };
  const named = ({ ids }: { ids: string[] }) => ({ flow_run: ids.map((id) => ({ id, name: id.slice(0, 8) })) });

  it("is counted by the server, and nothing that changes later is part of it", async () => {
    const { ask, asked } = server({ CancelMany: () => counted, RunsNamed: named });
    const set = await freeze(ask, { state: { _eq: "Failed" } }, "delete");
    expect(asked[0]?.variables).toEqual({ input: { where: { state: { _eq: "Failed" } }, dry_run: true } });
    expect(set.count).toBe(1_203);
    expect(set.states).toEqual([
      ["Running", 1_200],
      ["Failed", 3],
    ]);
    expect(set.examples).toHaveLength(5);
    expect(set.where).toEqual({ _and: [{ state: { _eq: "Failed" } }, { updated: { _lte: MOMENT } }] });
    expect(set.ids).toBeNull();
  });
  it("is read by key for a restart, page after page", async () => {
    const all = idsOf(1_203);
    const { ask } = server({
      CancelMany: () => counted,
      RunsNamed: named,
      RunIds: ({ where, limit }: { where: { _and: { id?: { _gt: string } }[] }; limit: number }) => ({
        flow_run: all
          .filter((id) => id > (where._and[1]?.id?._gt ?? ""))
          .map((id) => ({ id }))
          .slice(0, limit),
      }),
    });
    const counts: number[] = [];
    const set = await freeze(ask, {}, "restart", (count) => counts.push(count));
    expect(set.ids).toEqual(all);
    expect(counts).toEqual([500, 1_000, 1_203]);
  });
});

describe("the work", () => {
  const go = new AbortController().signal;
  /** Gives the runs of a set part after part, as the server does. */
  const partly =
    (all: string[], refuse: (id: string) => string | null = () => null) =>
    ({ input }: { input: { after: string | null; limit: number } }) => {
      const from = Number(input.after ?? 0);
      const part = all.slice(from, from + input.limit);
      const answer = {
        changed: part.filter((id) => !refuse(id)),
        refused: part.filter(refuse).map((id) => ({ flow_run_id: id, reason: refuse(id) })),
        cursor: String(from + part.length),
        has_more: from + part.length < all.length,
      };
      return { cancel_flow_runs: answer, delete_flow_runs: answer, set_flow_runs_state: answer };
    };

  it("goes on after a refusal, and tells it", async () => {
    const { ask, asked } = server({
      CancelMany: partly(idsOf(450), (id) => (id === idOf(3) ? "It has ended already, as Success." : null)),
    });
    const told: number[] = [];
    const end = await work(ask, frozenOf(450), { kind: "cancel" }, (now: Progress) => told.push(triedOf(now)), go);
    expect(told).toEqual([200, 400, 450]);
    expect(asked.map((one) => (one.variables["input"] as { created_before: string }).created_before)).toEqual(
      Array(3).fill(MOMENT),
    );
    expect(end.refused).toEqual([{ id: idOf(3), reason: "It has ended already, as Success." }]);
    expect(end.changed).toHaveLength(449);
    expect([end.next, end.ended]).toEqual([null, ""]);
  });
  it("says which state it sets, and why", async () => {
    const { ask, asked } = server({ SetMany: partly(idsOf(1)) });
    await work(ask, frozenOf(1), { kind: "state", state: "Failed", message: "" }, () => {}, go);
    expect((asked[0]?.variables["input"] as { state: unknown }).state).toEqual({
      type: "Failed",
      message: "Marked Failed from the web UI",
    });
  });
  it("stops where a person says so, and goes on from there", async () => {
    const stop = new AbortController();
    const all = idsOf(450);
    const { ask } = server({ DeleteMany: partly(all) });
    const set = frozenOf(450);
    const end = await work(ask, set, { kind: "delete" }, () => stop.abort(), stop.signal);
    expect([triedOf(end), end.ended, end.next]).toEqual([200, "stopped", "200"]);
    const whole = await work(ask, set, { kind: "delete" }, () => {}, go, end);
    expect([whole.changed, whole.ended, whole.next]).toEqual([all, "", null]);
  });
  it("ends when the server is gone, and what was done stays told", async () => {
    let turn = 0;
    const parts = partly(idsOf(450));
    const { ask } = server({
      CancelMany: (variables: never) => {
        turn += 1;
        if (turn === 2) throw new Error("The server cannot be reached.");
        return parts(variables);
      },
    });
    const end = await work(ask, frozenOf(450), { kind: "cancel" }, () => {}, go);
    expect([triedOf(end), end.ended, end.next]).toEqual([200, "The server cannot be reached.", "200"]);
  });
  it("restarts so many in one transaction and tells what the server refused", async () => {
    const ids = idsOf(60);
    const { ask, asked } = server({
      RestartSome: ({ ids }: { ids: string[] }) => ({
        restart_flow_runs: {
          flow_runs: ids.map((id, index) => ({
            flow_run_id: id,
            restarted: index > 0,
            task_runs: 2,
            reason: index > 0 ? null : "Nothing failed.",
          })),
        },
      }),
    });
    const deed = { kind: "restart", from: "FAILED", parameters: { limit: 5 } } as const;
    const trial = await tryOut(ask, ids, deed, () => {}, go);
    expect([trial.tried, trial.restarted, trial.taskRuns, trial.refused.length]).toEqual([60, 58, 116, 2]);
    expect(asked.every((one) => one.variables["dry"] === true)).toBe(true);

    const end = await work(ask, frozenOf(60, ids), deed, () => {}, go);
    const done = asked.slice(2);
    expect(done.map((one) => (one.variables["ids"] as string[]).length)).toEqual([50, 10]);
    expect(done[0]?.variables).toMatchObject({ parameters: { limit: 5 }, dry: false });
    expect(byReason(end.refused)).toEqual([["Nothing failed.", [idOf(0), idOf(50)]]]);
  });
});
