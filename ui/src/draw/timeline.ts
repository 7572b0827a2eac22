import type { Family } from "../words/states";
import type { Piece } from "./attempts";
import type { Palette } from "./palette";
import type { Runs } from "./rows";
import { FOLD, type Scale } from "./scale";

/** Families from the base of a band upwards: what failed lies at the base, so that it is never hidden. */
const STACK: readonly Family[] = ["failed", "success", "retry", "running", "held", "mapped", "ended"];
/** So wide is one column of a band, in pixels. */
const COLUMN = 3;
export const LINE = 25;

/** How many task runs were at work in each column of a band, by family. */
export interface Density {
  columns: number;
  counts: Record<Family, Uint16Array>;
  most: number;
}

/** Count task runs by column; the cost is one pass over the rows, whatever the zoom. */
export function density(
  runs: Runs,
  rows: ArrayLike<number>,
  scale: Scale,
  families: readonly Family[],
  now: number,
): Density {
  const columns = Math.max(1, Math.floor(scale.width / COLUMN));
  const counts = Object.fromEntries(STACK.map((name) => [name, new Uint16Array(columns)])) as Record<
    Family,
    Uint16Array
  >;
  // Differences at the ends of each bar, summed up afterwards: a bar of any length costs the same.
  const edges = Object.fromEntries(STACK.map((name) => [name, new Int32Array(columns + 1)])) as Record<
    Family,
    Int32Array
  >;
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? 0;
    const start = runs.start[row] ?? Number.NaN;
    if (Number.isNaN(start)) continue;
    const edge = edges[families[runs.state[row] ?? 0] ?? "waiting"];
    if (!edge) continue;
    const end = runs.end[row] ?? Number.NaN;
    const first = Math.floor(scale.x(start) / COLUMN);
    const last = Math.floor(scale.x(Number.isNaN(end) ? now : end) / COLUMN);
    if (last < 0 || first >= columns) continue;
    const from = Math.max(0, first);
    const to = Math.min(columns - 1, last) + 1;
    edge[from] = (edge[from] ?? 0) + 1;
    edge[to] = (edge[to] ?? 0) - 1;
  }
  const sums = new Uint32Array(columns);
  for (const name of STACK) {
    let sum = 0;
    for (let column = 0; column < columns; column += 1) {
      sum += edges[name]?.[column] ?? 0;
      (counts[name] as Uint16Array)[column] = Math.min(65_535, sum);
      sums[column] = (sums[column] ?? 0) + sum;
    }
  }
  return { columns, counts, most: Math.max(1, ...sums) };
}

export function drawBand(
  pen: CanvasRenderingContext2D,
  found: Density,
  y: number,
  height: number,
  colours: Palette,
): void {
  for (let column = 0; column < found.columns; column += 1) {
    let top = y + height;
    for (const name of STACK) {
      const count = found.counts[name]?.[column] ?? 0;
      if (count === 0) continue;
      // Never less than a pixel and a half: one failure among thousands is seen.
      const high = Math.max(1.5, (count / found.most) * height);
      pen.fillStyle = colours.family[name];
      pen.fillRect(column * COLUMN, Math.max(y, top - high), COLUMN - 0.5, Math.min(high, top - y));
      top -= high;
      if (top <= y) break;
    }
  }
}

/** One bar: failed with a cross, at work with stripes, waiting dashed and hollow. Colour is never alone. */
export function drawBar(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  wide: number,
  high: number,
  family: Family,
  colours: Palette,
): void {
  const width = Math.max(3, wide);
  if (family === "waiting") {
    pen.setLineDash([3, 3]);
    pen.strokeStyle = colours.family.waiting;
    pen.lineWidth = 1.4;
    pen.beginPath();
    pen.roundRect(x + 0.5, y + 0.5, Math.max(4, width - 1), high - 1, 2.5);
    pen.stroke();
    pen.setLineDash([]);
    return;
  }
  pen.fillStyle = colours.family[family];
  pen.beginPath();
  pen.roundRect(x, y, width, high, 2.5);
  pen.fill();
  if (family === "failed" && width > 9) {
    pen.strokeStyle = colours.bg;
    pen.lineWidth = 1.6;
    const centre = x + width - 6;
    const middle = y + high / 2;
    pen.beginPath();
    pen.moveTo(centre - 2.5, middle - 2.5);
    pen.lineTo(centre + 2.5, middle + 2.5);
    pen.moveTo(centre + 2.5, middle - 2.5);
    pen.lineTo(centre - 2.5, middle + 2.5);
    pen.stroke();
  }
  if ((family === "running" || family === "retry") && width > 8) {
    pen.save();
    pen.beginPath();
    pen.roundRect(x, y, width, high, 2.5);
    pen.clip();
    pen.strokeStyle = colours.bg;
    pen.globalAlpha = 0.45;
    pen.lineWidth = 2;
    pen.beginPath();
    for (let stripe = Math.max(x, x + width - 28); stripe < x + width + high; stripe += 7) {
      pen.moveTo(stripe, y + high);
      pen.lineTo(stripe + high, y);
    }
    pen.stroke();
    pen.restore();
  }
}

/** A bar in its attempts: each a bar of its own, and a thin line where it waited for the next. */
export function drawPieces(
  pen: CanvasRenderingContext2D,
  pieces: readonly Piece[],
  scale: Scale,
  y: number,
  width: number,
  now: number,
  colours: Palette,
): void {
  for (const piece of pieces) {
    const from = Math.max(-4, scale.x(piece.from));
    const to = Math.min(width + 4, scale.x(Number.isNaN(piece.to) ? Math.max(now, piece.from) : piece.to));
    if (to < 0 || from > width) continue;
    if (piece.runs) {
      // A hair's breadth apart, so that two attempts are seen where nothing lay between them.
      drawBar(pen, from, y + 6, Math.max(3, to - from - 1), LINE - 12, piece.family, colours);
      continue;
    }
    pen.fillStyle = colours.family[piece.family];
    pen.fillRect(from, y + LINE / 2 - 1.5, Math.max(0, to - from - 1), 2);
  }
}

/** A line around what is meant, in the colour of text: a mark beside whatever colour it has. */
export function drawOutline(
  pen: CanvasRenderingContext2D,
  x: number,
  y: number,
  wide: number,
  high: number,
  colours: Palette,
): void {
  pen.strokeStyle = colours.text;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.roundRect(x, y, wide, high, 4);
  pen.stroke();
}

/** Grid, folds and "now", behind and over the bars. */
export function drawGrid(
  pen: CanvasRenderingContext2D,
  scale: Scale,
  times: readonly number[],
  height: number,
  colours: Palette,
): void {
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1;
  pen.globalAlpha = 0.6;
  pen.beginPath();
  for (const time of times) {
    const x = Math.floor(scale.x(time)) + 0.5;
    pen.moveTo(x, 0);
    pen.lineTo(x, height);
  }
  pen.stroke();
  pen.globalAlpha = 1;
  for (const gap of scale.gaps) {
    const x = scale.x(Math.max(gap.from, scale.from));
    if (gap.to <= scale.from || gap.from >= scale.to) continue;
    pen.fillStyle = colours.sunk;
    pen.fillRect(x, 0, FOLD, height);
  }
}

export function drawNow(
  pen: CanvasRenderingContext2D,
  scale: Scale,
  now: number,
  height: number,
  colours: Palette,
): void {
  const x = Math.round(scale.x(now)) + 0.5;
  if (x < 0 || x > scale.width) return;
  pen.strokeStyle = colours.family.failed;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(x, 0);
  pen.lineTo(x, height);
  pen.stroke();
}
