/** How a task is described in a few words. */

/** "FunctionTask" of "prefect.tasks.core.function.FunctionTask". */
export function shortClass(type: string | null): string {
  return type ? type.slice(type.lastIndexOf(".") + 1) : "";
}

/** "all succeeded" of "prefect.triggers.all_successful". */
export function shortTrigger(trigger: string | null): string {
  const name = trigger ? trigger.slice(trigger.lastIndexOf(".") + 1) : "";
  const words: Record<string, string> = {
    all_successful: "all succeeded",
    all_failed: "all failed",
    any_successful: "one succeeded",
    any_failed: "one failed",
    all_finished: "all have ended",
    always_run: "all have ended",
    manual_only: "a person approves",
    not_all_skipped: "not all were skipped",
    some_successful: "some succeeded",
    some_failed: "some failed",
  };
  return words[name] ?? name.replaceAll("_", " ");
}

/** "2, after 1 s": how often it is tried again; nothing when it is not. */
export function retries(most: number | null, delay: string | null): string {
  if (!most) return "";
  const parts = /^(?:(\d+) days?,? )?(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(delay ?? "");
  if (!parts) return String(most);
  const [days, hours, minutes, seconds] = parts.slice(1).map((one) => Number(one ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  const said = [
    days ? `${days} d` : "",
    hours ? `${hours} h` : "",
    minutes ? `${minutes} min` : "",
    seconds ? `${seconds} s` : "",
  ].filter(Boolean);
  return said.length ? `${most}, after ${said.slice(0, 2).join(" ")}` : String(most);
}
