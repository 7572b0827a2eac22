import { describe, expect, it } from "vitest";
import {
  CLOUD_HOOKS,
  DEEDS,
  configOf,
  secondsSaid,
  statesSaid,
  whenSaid,
  givenOf,
} from "../src/screens/automations/kinds";

const names = {
  flow: (id: string) => `flow ${id}`,
  agent: (id: string) => `agent ${id}`,
  sla: (id: string) => (id === "s" ? { kind: "STARTED_NOT_FINISHED", seconds: 3_600, flows: ["nightly"] } : null),
};
const said = (event_type: string, event_tags: unknown) => whenSaid({ event_type, event_tags }, names);

describe("an automation is a sentence", () => {
  it("about states", () => {
    expect(said("FLOW_RUN_STATE_CHANGED", { states: ["FAILED", "TIMEDOUT"], flow_group_ids: ["a"] })).toBe(
      "When a run of flow a becomes Failed or Timed out",
    );
    expect(said("FLOW_RUN_STATE_CHANGED", { states: ["SUCCESS"], flow_group_ids: [] })).toBe(
      "When a run of any flow becomes Success",
    );
  });
  it("about time limits and silent agents", () => {
    expect(said("FLOW_SLA_FAILED", { sla_config_id: "s" })).toBe("When a run of nightly has not ended after 1 h");
    expect(said("FLOW_SLA_FAILED", { sla_config_id: "gone" })).toBe("When a run breaks its time limit");
    expect(said("AGENT_SLA_FAILED", { duration_seconds: 300, agent_ids: ["x", "y"] })).toBe(
      "When agent x or agent y asks for no work for 5 min",
    );
  });
  it("whose tags may be anything", () => {
    expect(said("FLOW_RUN_STATE_CHANGED", null)).toBe("When a run of any flow becomes anything");
    expect(statesSaid("FAILED")).toBe("anything");
    expect([1, 90, 7_200, 172_800].map(secondsSaid)).toEqual(["1 s", "90 s", "2 h", "2 d"]);
  });
});

describe("what an action needs", () => {
  it("is read as the API wants it", () => {
    expect(configOf(DEEDS["EMAIL"]?.wishes ?? [], { to: "a@b.c\n d@e.f ,", subject: " " })).toEqual({
      to: ["a@b.c", "d@e.f"],
    });
    expect(configOf(DEEDS["START_RUN"]?.wishes ?? [], { parameters: '{"a": 1}' })).toEqual({ parameters: { a: 1 } });
  });
  it("is shown again without its secrets, which stay while nothing is typed for them", () => {
    const wishes = CLOUD_HOOKS["TWILIO"]?.wishes ?? [];
    const shown = givenOf(wishes, { account_sid: "AC1", auth_token: null, to: ["+1", "+2"] });
    expect(shown).toEqual({ account_sid: "AC1", to: "+1\n+2" });
    const given = { ...shown, messaging_service_sid: "MG1" };
    expect(configOf(wishes, given, true)).toEqual({
      account_sid: "AC1",
      messaging_service_sid: "MG1",
      to: ["+1", "+2"],
    });
    expect(configOf(wishes, { ...given, auth_token: "new" }, true)["auth_token"]).toBe("new");
    expect(() => configOf(wishes, given)).toThrow("Token is needed.");
    expect(() => configOf(wishes, { ...given, to: " " }, true)).toThrow("Numbers, one a line is needed.");
  });
  it("is missed by name", () => {
    expect(() => configOf(DEEDS["WEBHOOK"]?.wishes ?? [], {})).toThrow("Address is needed.");
    expect(() => configOf(DEEDS["START_RUN"]?.wishes ?? [], { parameters: "{" })).toThrow("Parameters (JSON)");
  });
});
