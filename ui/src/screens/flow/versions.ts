import { differences, parametersOf, type Difference } from "../form/values";

/** What is looked at of a version, to say how it differs from another. */
export interface Side {
  parameters: unknown;
  run_config: unknown;
  schedule: unknown;
  storage: unknown;
  core_version: string | null;
  tasks: readonly SideTask[];
  edges: readonly { upstream_task_id: string; downstream_task_id: string }[];
}

export interface SideTask {
  id: string;
  name: string | null;
  slug: string | null;
  type: string | null;
  mapped: boolean;
  tags: unknown;
  max_retries: number | null;
  retry_delay: string | null;
  trigger: string | null;
  auto_generated: boolean;
}

export interface Change {
  what: string;
  kind: "added" | "removed" | "changed";
  parts: Difference[];
}

export interface Changes {
  parameters: Change[];
  tasks: Change[];
  others: Change[];
}

function byName<One>(before: ReadonlyMap<string, One>, after: ReadonlyMap<string, One>): Change[] {
  const found: Change[] = [];
  for (const [name, one] of after) {
    if (!before.has(name)) found.push({ what: name, kind: "added", parts: [] });
    else {
      const parts = differences(before.get(name), one);
      if (parts.length) found.push({ what: name, kind: "changed", parts });
    }
  }
  for (const name of before.keys()) if (!after.has(name)) found.push({ what: name, kind: "removed", parts: [] });
  return found;
}

const parameters = (side: Side) =>
  new Map(
    parametersOf(side.parameters).map((one) => [
      one.name,
      { required: one.required, ...(one.required ? {} : { default: one.flowDefault }), class: one.type },
    ]),
  );

/** Tasks by slug, without the digest that 1.x puts behind it, which changes with the code. */
function tasks(side: Side) {
  const names = new Map(side.tasks.map((one) => [one.id, plainSlug(one.slug ?? one.name ?? one.id)]));
  const upstream = new Map<string, string[]>();
  for (const edge of side.edges) {
    const all = upstream.get(edge.downstream_task_id) ?? [];
    all.push(names.get(edge.upstream_task_id) ?? "");
    upstream.set(edge.downstream_task_id, all);
  }
  return new Map(
    side.tasks.map((one) => [
      names.get(one.id) ?? one.id,
      {
        class: one.type,
        mapped: one.mapped,
        tags: one.tags,
        retries: one.max_retries ?? 0,
        "retry delay": one.retry_delay,
        trigger: one.trigger,
        "waits for": [...new Set(upstream.get(one.id) ?? [])].sort(),
      },
    ]),
  );
}

export function plainSlug(slug: string): string {
  return slug.replace(/-copy$/, "");
}

/** Say how one version differs from an older one. */
export function changes(before: Side, after: Side): Changes {
  const others: Change[] = [];
  const pairs: [string, unknown, unknown][] = [
    ["run configuration", before.run_config, after.run_config],
    ["schedule", before.schedule, after.schedule],
    ["storage", before.storage, after.storage],
    ["version of the library", before.core_version, after.core_version],
  ];
  for (const [what, one, other] of pairs) {
    const parts = differences(one ?? null, other ?? null, "", 40).filter((part) => !part.path.endsWith("__version__"));
    if (parts.length) others.push({ what, kind: "changed", parts });
  }
  return {
    parameters: byName(parameters(before), parameters(after)),
    tasks: byName(tasks(before), tasks(after)),
    others,
  };
}

/** How many versions are read with their flow; older ones when they are asked for. */
export const LISTED = 100;

/** Read a version's number from an address; null when it is none that there can be. */
export function versionOf(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** Put lists of versions together, each once, the newest first. */
export function together<One extends { id: string; version: number | null }>(
  ...lists: readonly (readonly One[])[]
): One[] {
  const all = new Map(lists.flat().map((one) => [one.id, one]));
  return [...all.values()].sort((a, b) => (b.version ?? 0) - (a.version ?? 0));
}
