/** Where a line stands in the log of its run. */
export interface Place {
  /** The number under which the run's events tell it, or its id where it has none (0). */
  id: string;
  seq: number;
  timestamp: string;
}

/** A log line. */
export interface Line extends Place {
  level: string | null;
  name: string | null;
  message: string | null;
  task_run_id: string | null;
}

/** Lines that stand together in the page; a block is never changed but replaced, its key stays. */
export interface Block {
  readonly key: number;
  readonly lines: readonly Line[];
}

/** So many lines of a run are held at most. */
export const MOST_LINES = 5_000;
/** So many are asked for at a time. */
export const PAGE_LINES = 500;
/** So many stand in one block. */
const BLOCK_LINES = 50;

/** Name a line by its number, which its event carries too; lines of old servers have none and keep their id. */
export function placed<Row extends { id?: string; seq: number }>(row: Row): Row & { id: string } {
  return { ...row, id: row.seq > 0 ? String(row.seq) : (row.id ?? "") };
}

/** Tell which of two lines comes first: by their time, then by their number and id, as the API orders them. */
export function compare(a: Place, b: Place): number {
  if (a.timestamp !== b.timestamp) return a.timestamp < b.timestamp ? -1 : 1;
  if (a.seq !== b.seq) return a.seq - b.seq;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

export function isError(line: Line): boolean {
  return line.level === "ERROR" || line.level === "CRITICAL";
}

/** A window of at most `MOST_LINES` lines over the log of a run, the oldest first.
 *
 * Pages are put before or behind what is there, and the far end is let go; what comes in late finds its place by its
 * time. `version` rises with each change.
 */
export class Lines {
  blocks: readonly Block[] = [];
  /** Whether the log goes on before the first line, and behind the last one. */
  hasBefore = false;
  hasAfter = false;
  length = 0;
  version = 0;
  #key = 0;
  #ids = new Set<string>();

  get first(): Line | null {
    return this.blocks[0]?.lines[0] ?? null;
  }

  get last(): Line | null {
    return this.blocks.at(-1)?.lines.at(-1) ?? null;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Every line of the window, in order. */
  *all(): Generator<Line> {
    for (const block of this.blocks) yield* block.lines;
  }

  /** Give a line and the block that it stands in; null when it is not here. */
  find(id: string): { line: Line; block: Block } | null {
    if (!this.#ids.has(id)) return null;
    for (const block of this.blocks) {
      const line = block.lines.find((one) => one.id === id);
      if (line) return { line, block };
    }
    return null;
  }

  /** Find the next line behind (or before) an id for which `test` holds; null at the end of the window. */
  next(from: string | null, back: boolean, test: (line: Line) => boolean): Line | null {
    const all = [...this.all()];
    if (back) all.reverse();
    const start = from === null ? -1 : all.findIndex((line) => line.id === from);
    return all.slice(start + 1).find(test) ?? null;
  }

  /** Begin anew with these lines, in order. */
  reset(lines: readonly Line[], hasBefore: boolean, hasAfter: boolean): void {
    this.blocks = this.#cut(lines);
    this.#ids = new Set(lines.map((line) => line.id));
    this.length = lines.length;
    this.hasBefore = hasBefore;
    this.hasAfter = hasAfter;
    this.version += 1;
  }

  /** Put an older page before the first line. `isWhole`: nothing is older than it. */
  before(lines: readonly Line[], isWhole: boolean): void {
    const fresh = lines.filter((line) => !this.#ids.has(line.id));
    this.blocks = [...this.#cut(fresh), ...this.blocks];
    this.#note(fresh);
    this.hasBefore = !isWhole;
    this.#trim("end");
    this.version += 1;
  }

  /** Put a newer page behind the last line. `isWhole`: nothing is newer than it. */
  after(lines: readonly Line[], isWhole: boolean): void {
    this.#append(lines.filter((line) => !this.#ids.has(line.id)));
    this.hasAfter = !isWhole;
    this.#trim("start");
    this.version += 1;
  }

  /** Take in what was just written, in order; gives the lines that are new here. Only for a window at the end. */
  tail(lines: readonly Line[]): Line[] {
    if (this.hasAfter) return [];
    const fresh = lines.filter((line) => !this.#ids.has(line.id));
    if (fresh.length === 0) return [];
    const last = this.last;
    const late = last ? fresh.filter((line) => compare(line, last) < 0) : [];
    const first = this.first;
    // What belongs before the window comes with an older page.
    const inside = late.filter((line) => !this.hasBefore || (first && compare(line, first) >= 0));
    for (const line of inside) this.#insert(line);
    const rest = fresh.filter((line) => !last || compare(line, last) >= 0);
    this.#append(rest);
    this.#note(inside);
    this.#trim("start");
    this.version += 1;
    return [...inside, ...rest];
  }

  #append(lines: readonly Line[]): void {
    const last = this.blocks.at(-1);
    let rest = lines;
    let blocks = this.blocks;
    if (last && last.lines.length < BLOCK_LINES && rest.length > 0) {
      const room = BLOCK_LINES - last.lines.length;
      blocks = [...blocks.slice(0, -1), { key: last.key, lines: [...last.lines, ...rest.slice(0, room)] }];
      rest = rest.slice(room);
    }
    this.blocks = [...blocks, ...this.#cut(rest)];
    this.#note(lines);
  }

  #insert(line: Line): void {
    const at = this.blocks.findLastIndex((block) => compare(block.lines[0] as Line, line) <= 0);
    const index = Math.max(at, 0);
    const block = this.blocks[index];
    if (!block) return;
    const place = block.lines.findIndex((one) => compare(one, line) > 0);
    const lines = block.lines.toSpliced(place < 0 ? block.lines.length : place, 0, line);
    this.blocks = this.blocks.with(index, { key: block.key, lines });
  }

  #note(lines: readonly Line[]): void {
    for (const line of lines) this.#ids.add(line.id);
    this.length = this.#ids.size;
  }

  #trim(side: "start" | "end"): void {
    let over = this.length - MOST_LINES;
    const blocks = [...this.blocks];
    while (over > 0) {
      const block = side === "start" ? blocks[0] : blocks.at(-1);
      if (!block || block.lines.length > over) break;
      if (side === "start") blocks.shift();
      else blocks.pop();
      for (const line of block.lines) this.#ids.delete(line.id);
      over -= block.lines.length;
      if (side === "start") this.hasBefore = true;
      else this.hasAfter = true;
    }
    this.blocks = blocks;
    this.length = this.#ids.size;
  }

  #cut(lines: readonly Line[]): Block[] {
    const blocks: Block[] = [];
    for (let at = 0; at < lines.length; at += BLOCK_LINES) {
      this.#key += 1;
      blocks.push({ key: this.#key, lines: lines.slice(at, at + BLOCK_LINES) });
    }
    return blocks;
  }
}

/** Some task runs, by their ids or by the ids of all `others`: the shorter list says the same. */
export interface Among {
  ids: readonly string[];
  others: boolean;
}

/** Which lines of a run are looked at. */
export interface LogFilter {
  flowRun: string;
  taskRuns: readonly string[];
  /** Only those of these task runs, or of all others; null for all. */
  among?: Among | null;
  levels: readonly string[];
  /** Searched for in the message; only matching lines are shown when `only`. */
  query: string;
  only: boolean;
  /** Milliseconds since the epoch, or null. */
  from: number | null;
  until: number | null;
}

type Comparison = Record<string, unknown>;
export type LogWhere = { _and: Comparison[] };

/** Write a filter as the API asks for it. */
export function whereOf(filter: LogFilter, options: { matching?: boolean } = {}): LogWhere {
  const all: Comparison[] = [{ flow_run_id: { _eq: filter.flowRun } }];
  if (filter.taskRuns.length === 1) all.push({ task_run_id: { _eq: filter.taskRuns[0] } });
  if (filter.taskRuns.length > 1) all.push({ task_run_id: { _in: filter.taskRuns } });
  if (filter.among) all.push({ task_run_id: { [filter.among.others ? "_nin" : "_in"]: filter.among.ids } });
  if (filter.levels.length > 0) all.push({ level: { _in: filter.levels } });
  if (filter.from !== null) all.push({ timestamp: { _gte: new Date(filter.from).toISOString() } });
  if (filter.until !== null) all.push({ timestamp: { _lte: new Date(filter.until).toISOString() } });
  if (filter.query && (filter.only || options.matching)) all.push({ message: { _ilike: `%${likeOf(filter.query)}%` } });
  return { _and: all };
}

/** Write a text so that a pattern finds it and nothing else. */
export function likeOf(text: string): string {
  return text.replace(/[\\%_]/g, (sign) => `\\${sign}`);
}

/** Tell whether a line that was just told belongs to what is looked at. */
export function fits(line: Line, filter: LogFilter): boolean {
  const time = Date.parse(line.timestamp);
  return (
    (filter.taskRuns.length === 0 || filter.taskRuns.includes(line.task_run_id ?? "")) &&
    (!filter.among || (!!line.task_run_id && filter.among.ids.includes(line.task_run_id) !== filter.among.others)) &&
    (filter.levels.length === 0 || filter.levels.includes(line.level ?? "")) &&
    (filter.from === null || time >= filter.from) &&
    (filter.until === null || time <= filter.until) &&
    (!filter.only || (line.message ?? "").toLowerCase().includes(filter.query.toLowerCase()))
  );
}

/** What stands behind (or before) a line, with it when `inclusive`. The bound on the time alone is what an index
 * answers. */
export function beyond(where: LogWhere, place: Place, back: boolean, inclusive = false): LogWhere {
  const [open, closed] = back ? (["_lt", "_lte"] as const) : (["_gt", "_gte"] as const);
  const last = inclusive ? closed : open;
  const same: Comparison[] =
    place.seq > 0
      ? [{ seq: { [last]: place.seq } }]
      : [{ seq: { [open]: 0 } }, { _and: [{ seq: { _eq: 0 } }, { id: { [last]: place.id } }] }];
  return {
    _and: [
      ...where._and,
      { timestamp: { [closed]: place.timestamp } },
      { _or: [{ timestamp: { [open]: place.timestamp } }, ...same] },
    ],
  };
}
