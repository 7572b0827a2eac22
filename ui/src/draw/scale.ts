/** A stretch of time in which nothing happened, drawn as a narrow fold. */
export interface Gap {
  from: number;
  to: number;
}

/** So wide is a fold, in pixels. */
export const FOLD = 12;

/** Between times and pixels, with idle stretches folded to `FOLD` pixels each.
 *
 * Times are milliseconds since the epoch.
 */
export class Scale {
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #x: number[] = [];
  readonly #width: number[] = [];

  constructor(
    readonly from: number,
    readonly to: number,
    readonly width: number,
    readonly gaps: readonly Gap[] = [],
  ) {
    const inside = gaps
      .map((gap) => ({ from: Math.max(from, gap.from), to: Math.min(to, gap.to) }))
      .filter((gap) => gap.to > gap.from);
    const idle = inside.reduce((sum, gap) => sum + gap.to - gap.from, 0);
    const busy = Math.max(1, to - from - idle);
    const open = Math.max(1, width - inside.length * FOLD);
    let time = from;
    let x = 0;
    const piece = (until: number, wide: number) => {
      if (until <= time) return;
      this.#from.push(time);
      this.#to.push(until);
      this.#x.push(x);
      this.#width.push(wide);
      time = until;
      x += wide;
    };
    for (const gap of inside) {
      piece(gap.from, ((gap.from - time) / busy) * open);
      piece(gap.to, FOLD);
    }
    piece(Math.max(to, from + 1), ((Math.max(to, from + 1) - time) / busy) * open);
  }

  /** The pixel of a time; before the first and after the last it goes on as the outermost piece does. */
  x(time: number): number {
    let at = 0;
    while (at < this.#from.length - 1 && time > (this.#to[at] ?? 0)) at += 1;
    const from = this.#from[at] ?? 0;
    return (this.#x[at] ?? 0) + ((time - from) / ((this.#to[at] ?? 1) - from)) * (this.#width[at] ?? 0);
  }

  /** The time of a pixel. */
  time(x: number): number {
    let at = 0;
    while (at < this.#from.length - 1 && x > (this.#x[at] ?? 0) + (this.#width[at] ?? 0)) at += 1;
    const from = this.#from[at] ?? 0;
    return from + ((x - (this.#x[at] ?? 0)) / (this.#width[at] || 1)) * ((this.#to[at] ?? 0) - from);
  }
}

/** Find the stretches longer than `share` of the whole in which nothing lay; `spans` may overlap and stand in any order. */
export function gapsOf(spans: Iterable<readonly [number, number]>, from: number, to: number, share = 0.1): Gap[] {
  const least = (to - from) * share;
  const sorted = [...spans].filter(([start, end]) => end >= start).sort((a, b) => a[0] - b[0]);
  const found: Gap[] = [];
  let until = from;
  for (const [start, end] of [...sorted, [to, to] as const]) {
    // A little of the silence is left at both sides, so that bars do not touch the fold.
    if (start - until > least) found.push({ from: until + least * 0.05, to: start - least * 0.05 });
    until = Math.max(until, end);
  }
  return found;
}

const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000,
];

/** Round times for an axis, at least `apart` pixels from each other; `offset` minutes make them round in a zone. */
export function ticks(scale: Scale, apart: number, offset = 0): { times: number[]; step: number } {
  const span = scale.to - scale.from;
  const step = STEPS.find((one) => (one / span) * scale.width >= apart) ?? (STEPS.at(-1) as number);
  const shift = offset * 60_000;
  const times: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (let time = Math.ceil((scale.from + shift) / step) * step - shift; time <= scale.to; time += step) {
    const x = scale.x(time);
    if (scale.gaps.some((gap) => time > gap.from && time < gap.to) || x - last < apart) continue;
    times.push(time);
    last = x;
  }
  return { times, step };
}
