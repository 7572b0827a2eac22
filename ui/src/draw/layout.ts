/** A layered picture of a directed graph, from left to right. */
export interface Layout {
  /** Centre of each node, in pixels. */
  x: Float64Array;
  y: Float64Array;
  /** The layer of each node, 0 is the leftmost. */
  layer: Int32Array;
  /** For each edge the points between its ends, as x, y, x, y … */
  bends: Float64Array[];
  width: number;
  height: number;
}

export interface Wish {
  count: number;
  /** Pairs of node numbers, from and to. */
  edges: ArrayLike<number>;
  /** Distance between layers, and between neighbours in one, in pixels. */
  apart: number;
  gap: number;
}

const SWEEPS = 8;
const SETTLINGS = 8;
/** More points than this would only cost time: then long edges go straight. */
const MOST_BENDS = 60_000;

/** Lay a graph out: layers by longest path, bend points on long edges, barycentre sweeps against crossings, and places in
 * a layer that pull each node towards its neighbours.
 *
 * An edge that closes a circle is turned round for the layering.  The cost grows with nodes and edges, not with pairs.
 */
export function layout(wish: Wish): Layout {
  const { count } = wish;
  const edges = acyclic(count, wish.edges);
  const layer = layers(count, edges);
  let bends = 0;
  for (const [from, to] of edges) bends += Math.max(0, (layer[to] ?? 0) - (layer[from] ?? 0) - 1);
  const long = bends <= MOST_BENDS;

  // Points: the nodes first, then what bends the long edges.
  const place: number[] = [...layer];
  const chains: number[][] = [];
  const right: number[][] = Array.from({ length: count }, () => []);
  const left: number[][] = Array.from({ length: count }, () => []);
  const join = (from: number, to: number) => {
    right[from]?.push(to);
    left[to]?.push(from);
  };
  for (const [from, to] of edges) {
    const chain: number[] = [];
    let before = from;
    for (let at = (layer[from] ?? 0) + 1; long && at < (layer[to] ?? 0); at += 1) {
      const point = place.length;
      place.push(at);
      right.push([]);
      left.push([]);
      join(before, point);
      chain.push(point);
      before = point;
    }
    if (long || (layer[to] ?? 0) - (layer[from] ?? 0) === 1) join(before, to);
    chains.push(chain);
  }

  const columns: number[][] = [];
  place.forEach((at, point) => (columns[at] ??= []).push(point));
  const order = new Float64Array(place.length);
  for (const column of columns) column.forEach((point, index) => (order[point] = index));
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const forward = sweep % 2 === 0;
    const neighbours = forward ? left : right;
    for (let step = 0; step < columns.length; step += 1) {
      const column = columns[forward ? step : columns.length - 1 - step] as number[];
      const pull = new Map(
        column.map((point) => [point, mean(neighbours[point] ?? [], order) ?? (order[point] as number)]),
      );
      column.sort(
        (a, b) => (pull.get(a) as number) - (pull.get(b) as number) || (order[a] as number) - (order[b] as number),
      );
      column.forEach((point, index) => (order[point] = index));
    }
  }

  // A point that only bends an edge needs less room than a node.
  const room = (point: number) => (point < count ? wish.gap : wish.gap * 0.4);
  const y = new Float64Array(place.length);
  for (const column of columns) {
    let at = 0;
    for (const point of column) {
      y[point] = at + room(point) / 2;
      at += room(point);
    }
    const middle = at / 2;
    for (const point of column) y[point] = (y[point] as number) - middle;
  }
  for (let settling = 0; settling < SETTLINGS; settling += 1) {
    const forward = settling % 2 === 0;
    for (let step = 0; step < columns.length; step += 1) {
      const column = columns[forward ? step : columns.length - 1 - step] as number[];
      const wanted = column.map((point) => {
        const [before, after] = [mean(left[point] ?? [], y), mean(right[point] ?? [], y)];
        const near = forward ? (before ?? after) : (after ?? before);
        return near ?? (y[point] as number);
      });
      const placed = spaced(wanted, column.map(room));
      column.forEach((point, index) => (y[point] = placed[index] as number));
    }
  }

  let [top, bottom] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const one of y) {
    top = Math.min(top, one);
    bottom = Math.max(bottom, one);
  }
  if (count === 0) [top, bottom] = [0, 0];
  return {
    x: Float64Array.from(layer, (at) => at * wish.apart),
    y: y.slice(0, count).map((one) => one - top),
    layer,
    bends: chains.map((chain) =>
      Float64Array.from(chain.flatMap((point) => [(place[point] ?? 0) * wish.apart, (y[point] as number) - top])),
    ),
    width: Math.max(0, columns.length - 1) * wish.apart,
    height: bottom - top,
  };
}

function mean(points: readonly number[], of: Float64Array): number | null {
  if (points.length === 0) return null;
  let sum = 0;
  for (const point of points) sum += of[point] as number;
  return sum / points.length;
}

/** The edges with those turned round that would close a circle, found by a search that goes deep first. */
function acyclic(count: number, pairs: ArrayLike<number>): [number, number][] {
  const after: number[][] = Array.from({ length: count }, () => []);
  const edges: [number, number][] = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const [from, to] = [pairs[at] as number, pairs[at + 1] as number];
    edges.push([from, to]);
    if (from !== to) after[from]?.push(edges.length - 1);
  }
  const colour = new Uint8Array(count);
  for (let root = 0; root < count; root += 1) {
    if (colour[root]) continue;
    const stack: [number, number][] = [[root, 0]];
    colour[root] = 1;
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as [number, number];
      const index = after[top[0]]?.[top[1]];
      top[1] += 1;
      if (index === undefined) {
        colour[top[0]] = 2;
        stack.pop();
        continue;
      }
      const edge = edges[index] as [number, number];
      const to = edge[1];
      if (colour[to] === 1) edges[index] = [to, edge[0]];
      else if (colour[to] === 0) {
        colour[to] = 1;
        stack.push([to, 0]);
      }
    }
  }
  return edges;
}

function layers(count: number, edges: readonly (readonly [number, number])[]): Int32Array {
  const layer = new Int32Array(count);
  const open = new Int32Array(count);
  const after: number[][] = Array.from({ length: count }, () => []);
  for (const [from, to] of edges) {
    if (from === to) continue;
    after[from]?.push(to);
    open[to] = (open[to] ?? 0) + 1;
  }
  const ready = [...open.keys()].filter((node) => open[node] === 0);
  for (let at = 0; at < ready.length; at += 1) {
    const node = ready[at] as number;
    for (const to of after[node] ?? []) {
      layer[to] = Math.max(layer[to] ?? 0, (layer[node] ?? 0) + 1);
      open[to] = (open[to] ?? 0) - 1;
      if (open[to] === 0) ready.push(to);
    }
  }
  return layer;
}

/** Move points as little as possible so that neighbours, kept in their order, have room: squares are least (pool adjacent
 * violators). */
export function spaced(wanted: readonly number[], room: readonly number[]): number[] {
  const shift: number[] = [];
  let at = 0;
  wanted.forEach((_, index) => {
    if (index > 0) at += ((room[index - 1] ?? 0) + (room[index] ?? 0)) / 2;
    shift.push(at);
  });
  const blocks: { sum: number; size: number }[] = [];
  wanted.forEach((want, index) => {
    blocks.push({ sum: want - (shift[index] as number), size: 1 });
    while (blocks.length > 1) {
      const last = blocks[blocks.length - 1] as { sum: number; size: number };
      const before = blocks[blocks.length - 2] as { sum: number; size: number };
      if (before.sum / before.size <= last.sum / last.size) break;
      before.sum += last.sum;
      before.size += last.size;
      blocks.pop();
    }
  });
  const placed: number[] = [];
  for (const block of blocks) {
    for (let member = 0; member < block.size; member += 1)
      placed.push(block.sum / block.size + (shift[placed.length] as number));
  }
  return placed;
}
