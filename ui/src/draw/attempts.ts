import { family, type Family } from "../words/states";

/** A part of a task run's bar: an attempt, or the time between two. */
export interface Piece {
  from: number;
  /** NaN: it goes on. */
  to: number;
  runs: boolean;
  /** How it ended: that of what came of it. */
  family: Family;
}

interface Entered {
  state: string;
  timestamp: string;
}

/** What an attempt came to, by the state that followed it. */
function came(next: string | undefined): Family {
  if (next === undefined) return "running";
  // It is tried again because it failed, or because its process was lost.
  return next === "Retrying" || next === "Running" || next === "Pending" ? "failed" : family(next);
}

/** Cut a task run into its attempts and what lay between them; `states` in their order. */
export function piecesOf(states: readonly Entered[]): Piece[] {
  const pieces: Piece[] = [];
  const begun = states.findIndex((one) => one.state === "Running");
  if (begun < 0) return [];
  for (let at = begun; at < states.length; at += 1) {
    const { state, timestamp } = states[at] as Entered;
    const next = states[at + 1];
    const from = Date.parse(timestamp);
    if (state === "Running") {
      pieces.push({ from, to: next ? Date.parse(next.timestamp) : Number.NaN, runs: true, family: came(next?.state) });
      continue;
    }
    // Between attempts it waits for its next turn, for a place or for a person; after the last there is nothing.
    const again = states.slice(at + 1).some((one) => one.state === "Running");
    const waits = ["Retrying", "Queued", "Paused", "Looped", "Resume"].includes(state);
    if (!again && (next !== undefined || !waits)) continue;
    pieces.push({ from, to: next ? Date.parse(next.timestamp) : Number.NaN, runs: false, family: family(state) });
  }
  return pieces;
}

/** How often it was tried. */
export const attemptsOf = (pieces: readonly Piece[]): number => pieces.filter((one) => one.runs).length;
