/** Failures of one flow, grouped by what they say. */
export interface Failed {
  state_message: string | null;
  flow_run_id: string;
  end_time: string | null;
  task: { id: string; name: string | null };
}

export interface FailureGroup {
  message: string;
  tasks: string[];
  /** Ids of the runs, the newest first. */
  runs: string[];
  count: number;
  first: string | null;
  last: string | null;
}

/** Two messages are the same failure when only numbers, ids and quoted places differ. */
export function kindOfMessage(message: string): string {
  return message
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, "…")
    .replace(/0x[0-9a-f]+/gi, "…")
    .replace(/\d+/g, "…");
}

export function grouped(failures: readonly Failed[], most = 5): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const one of failures) {
    const message = one.state_message?.trim() || "It says nothing.";
    const key = kindOfMessage(message);
    const group = groups.get(key) ?? {
      message,
      tasks: [],
      runs: [],
      count: 0,
      first: one.end_time,
      last: one.end_time,
    };
    group.count += 1;
    const task = one.task.name ?? "";
    if (!group.tasks.includes(task)) group.tasks.push(task);
    if (!group.runs.includes(one.flow_run_id)) group.runs.push(one.flow_run_id);
    if (one.end_time && (group.first === null || one.end_time < group.first)) group.first = one.end_time;
    if (one.end_time && (group.last === null || one.end_time > group.last)) group.last = one.end_time;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.runs.length - a.runs.length || b.count - a.count).slice(0, most);
}
