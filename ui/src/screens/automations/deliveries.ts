import type { Family } from "../../words/states";
import { word } from "../../words/states";
import { asText } from "../../words/text";

/** How a delivery stands: a word, and the shape and colour that say the same. */
export function outcomeSaid(outcome: string): { word: string; family: Family } {
  if (outcome === "DELIVERED") return { word: "Delivered", family: "success" };
  if (outcome === "RETRYING") return { word: "Retrying", family: "retry" };
  if (outcome === "GIVEN_UP") return { word: "Given up", family: "failed" };
  return { word: outcome, family: "waiting" };
}

interface Told {
  event_type: string | null;
  subject: string | null;
  state: string | null;
}

/** What was told: who, and what had become of it. */
export function toldSaid(one: Told): { who: string; what: string } {
  const who = asText(one.subject ?? "something", 120);
  if (one.event_type === "AgentSLAFailed") return { who, what: "was silent for too long" };
  if (one.event_type === "FlowSLAFailed")
    return { who, what: one.state ? `broke its time limit, ${word(one.state)}` : "broke its time limit" };
  return { who, what: one.state ? `became ${word(one.state)}` : "changed" };
}

/** How often it was tried, if that is worth a word. */
export function attemptsSaid(outcome: string, attempts: number): string {
  if (attempts < 2) return "";
  return outcome === "DELIVERED" ? `at attempt ${attempts}` : `after ${attempts} attempts`;
}
