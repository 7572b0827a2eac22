import { ask, mutate } from "../../data/ask";
import { CreateRun, FormRun, FormVersion } from "../../operations/form.gen";
import { groundOf } from "./draft.svelte";
import { standing } from "./values";

/** What a run with nothing but defaults would lack. */
export class Lacking extends Error {
  constructor(readonly names: readonly string[]) {
    super(
      `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""} ${names.length === 1 ? "needs a value" : "need values"}.`,
    );
    this.name = "Lacking";
  }
}

/** Run a flow with its defaults at once; gives the run.
 *
 * Throws Lacking when a parameter has no value from anywhere, and ApiError.
 */
export async function quickRun(flowId: string): Promise<{ id: string; name: string }> {
  const flow = (await ask(FormVersion, { id: flowId })).flow_by_pk;
  if (flow) {
    const ground = groundOf(flow);
    const lacking = ground.parameters.filter((one) => standing(one, ground.groupDefaults).source === null);
    if (lacking.length) throw new Lacking(lacking.map((one) => one.name));
  }
  const answer = await mutate(CreateRun, { input: { flow_id: flowId } });
  const id = answer.create_flow_run?.id ?? "";
  const run = (await ask(FormRun, { id })).flow_run_by_pk;
  return { id, name: run?.name ?? "the run" };
}
