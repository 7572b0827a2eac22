/** A node of the drawn graph: one task, or several of one name's beginning folded into one. */
export interface Node {
  name: string;
  /** Numbers of the tasks behind it. */
  tasks: number[];
  folded: boolean;
}

export interface Drawn {
  nodes: Node[];
  /** Pairs of node numbers, without repetitions. */
  edges: number[];
  /** The node of each task. */
  nodeOf: Int32Array;
}

/** The beginning that names of a group share: "load-eu", "load_us", "load[3]", "load 2" all begin with "load". */
export function beginning(name: string): string {
  return /^[^\s\-_.[\]/:0-9]+/.exec(name)?.[0] ?? name;
}

/** Fold tasks whose names begin alike, when there are at least three of them and their group is not opened. */
export function folded(
  names: readonly string[],
  edges: readonly (readonly [number, number])[],
  fold: boolean,
  opened: ReadonlySet<string>,
): Drawn {
  const groups = new Map<string, number[]>();
  if (fold) {
    names.forEach((name, index) => {
      const key = beginning(name);
      const list = groups.get(key);
      if (list) list.push(index);
      else groups.set(key, [index]);
    });
  }
  const nodes: Node[] = [];
  const nodeOf = new Int32Array(names.length).fill(-1);
  names.forEach((name, index) => {
    if ((nodeOf[index] ?? -1) >= 0) return;
    const key = beginning(name);
    const group = groups.get(key) ?? [];
    const tasks = group.length >= 3 && !opened.has(key) ? group : [index];
    for (const task of tasks) nodeOf[task] = nodes.length;
    nodes.push({ name: tasks.length > 1 ? key : name, tasks, folded: tasks.length > 1 });
  });
  const seen = new Set<number>();
  const pairs: number[] = [];
  for (const [from, to] of edges) {
    const [left, right] = [nodeOf[from] ?? -1, nodeOf[to] ?? -1];
    const key = left * nodes.length + right;
    if (left < 0 || right < 0 || left === right || seen.has(key)) continue;
    seen.add(key);
    pairs.push(left, right);
  }
  return { nodes, edges: pairs, nodeOf };
}

/** All that can be reached from a node, itself left out. */
export function reached(count: number, edges: readonly number[], start: number, backwards: boolean): Set<number> {
  const next: number[][] = Array.from({ length: count }, () => []);
  for (let at = 0; at + 1 < edges.length; at += 2) {
    const [from, to] = [edges[at] as number, edges[at + 1] as number];
    next[backwards ? to : from]?.push(backwards ? from : to);
  }
  const found = new Set<number>();
  const open = [start];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const one of next[node] ?? []) {
      if (one === start || found.has(one)) continue;
      found.add(one);
      open.push(one);
    }
  }
  return found;
}
