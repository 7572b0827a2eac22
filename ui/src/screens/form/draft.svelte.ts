import { at } from "../../data/place.svelte";
import { zone } from "../../data/settings.svelte";
import { instantsOf } from "../../words/time";
import { envOf, faultsOf, labelsOf, LEVEL_VARIABLE, withEnv, type Config } from "./config";
import {
  kindFor,
  kindOf,
  looksSecret,
  parametersOf,
  parseJson,
  read,
  readObject,
  same,
  standing,
  textOf,
  typed,
  type Fault,
  type Field,
  type Kind,
  type Parameter,
  type Standing,
} from "./values";

/** What the form knows of the flow version that is to run. */
export interface Ground {
  groupId: string;
  flowId: string;
  parameters: Parameter[];
  groupDefaults: Record<string, unknown>;
  groupLabels: string[] | null;
  groupConfig: Config | null;
  flowConfig: Config | null;
  environment: Config | null;
  groupPriority: number | null;
}

export interface Flow {
  id: string;
  parameters: unknown;
  run_config: unknown;
  environment: unknown;
  flow_group: {
    id: string;
    labels: unknown;
    default_parameters: unknown;
    run_config: unknown;
    priority: number | null;
  };
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
const configOf = (value: unknown): Config | null => (Object.keys(objectOf(value)).length ? objectOf(value) : null);

export function groundOf(flow: Flow): Ground {
  return {
    groupId: flow.flow_group.id,
    flowId: flow.id,
    parameters: parametersOf(flow.parameters),
    groupDefaults: objectOf(flow.flow_group.default_parameters),
    groupLabels: Array.isArray(flow.flow_group.labels) ? flow.flow_group.labels.map(String) : null,
    groupConfig: configOf(flow.flow_group.run_config),
    flowConfig: configOf(flow.run_config),
    environment: configOf(flow.environment),
    groupPriority: flow.flow_group.priority,
  };
}

interface Kept {
  fields: [string, Field][];
  later: boolean;
  wall: string;
  zone: string;
  priority?: number | null;
  name: string;
  key: string;
  labels: string[] | null;
  config: Config | null;
  env: [string, string][];
  level: string;
  context: string;
  from: string;
}

const BYTES_MAX = 5_000_000;

/** A parameter may be called like something that every object has. */
const keyOf = (name: string) => `$${name}`;
const isUnread = (field: Field | undefined) => field !== undefined && field.given && read(field).fault !== null;

/** What is to be run, as far as it has been said: one value, of which form and JSON are two views. */
export class Draft {
  ground = $state.raw<Ground>() as Ground;
  /** Every parameter of the version, then whatever else is given, by name. */
  #fields = $state<Record<string, Field>>({});
  /** Names that are given and are no parameter of this version. */
  extras = $state<string[]>([]);
  /** The text of the JSON view while it is open; null while it is not. */
  json = $state<string | null>(null);
  later = $state(false);
  wall = $state("");
  zone = $state(zone());
  /** null: that of the flow. */
  priority = $state<number | null>(null);
  name = $state("");
  key = $state("");
  /** null: those that hold anyway. */
  labels = $state<string[] | null>(null);
  /** null: the one that holds anyway. */
  config = $state.raw<Config | null>(null);
  /** Variables beside those of the run config. */
  env = $state<[string, string][]>([]);
  level = $state("");
  context = $state("");
  /** The run whose values it began with. */
  from = $state("");
  /** What the server said against a field. */
  refused = $state.raw<Fault[]>([]);
  /** What is sent as the run's parameters: those that are given and can be read. */
  readonly given: Record<string, unknown> = $derived(this.#readGiven());
  readonly faults: Fault[] = $derived(this.#findFaults());

  constructor(ground: Ground) {
    this.take(ground);
  }

  /** Use another version: what is given stays. */
  take(ground: Ground): void {
    this.ground = ground;
    const before = this.#fields;
    const next: Record<string, Field> = {};
    for (const one of ground.parameters) {
      const old = before[keyOf(one.name)];
      next[keyOf(one.name)] = old?.given ? old : this.#untouched(one);
    }
    const extras = Object.keys(before).filter((key) => !(key in next) && before[key]?.given);
    for (const key of extras) next[key] = before[key] as Field;
    this.#fields = next;
    this.extras = extras.map((key) => key.slice(1));
  }

  #untouched(parameter: Parameter): Field {
    const { value } = standing(parameter, this.ground.groupDefaults);
    const kind = kindFor(parameter, value);
    return { given: false, kind, text: textOf(value, kind) };
  }

  field(name: string): Field | undefined {
    return this.#fields[keyOf(name)];
  }

  parameter(name: string): Parameter | null {
    return this.ground.parameters.find((one) => one.name === name) ?? null;
  }

  standing(name: string): Standing {
    const parameter = this.parameter(name);
    return parameter ? standing(parameter, this.ground.groupDefaults) : { value: undefined, source: null };
  }

  /** All names, in the order of the form. */
  get names(): string[] {
    return [...this.ground.parameters.map((one) => one.name), ...this.extras];
  }

  /** Give a value for a parameter, as a person who types does. */
  type(name: string, text: string): void {
    const field = this.field(name);
    if (!field) return;
    field.given = true;
    field.text = text;
    this.#heard(name);
  }

  /** Enter it in another way; the value is kept as far as it can be said so. */
  turn(name: string, kind: Kind): void {
    const field = this.field(name);
    if (!field || field.kind === kind) return;
    const { value, fault } = read(field);
    const isEmpty = !field.given && this.standing(name).source === null;
    if (kind === "none") field.text = "";
    else if (fault === null && !isEmpty && value !== null) {
      const plain = kind === "text" && typeof value !== "string" ? JSON.stringify(value) : null;
      const number = kind === "number" && typeof value === "string" ? value : null;
      field.text = plain ?? number ?? (kind === "yesno" ? String(value === true) : textOf(value, kind));
      if (kind === "json" && typeof value === "string" && /^\s*[[{]/.test(value)) field.text = value;
    } else if (kind === "yesno") field.text = "";
    else if (kind === "json" && field.text.trim() === "") field.text = "null";
    field.kind = kind;
    // Another way of entering the same is no change; another value is.
    field.given ||=
      kind === "none" || read(field).fault !== null || !same(read(field).value, this.standing(name).value);
    this.#heard(name);
  }

  /** Give a value, whatever its kind. */
  give(name: string, value: unknown): void {
    const parameter = this.parameter(name);
    const kind = value === null ? "none" : parameter ? kindFor(parameter, value) : kindOf(value);
    if (this.field(name) === undefined) this.extras = [...this.extras, name];
    this.#fields[keyOf(name)] = { given: true, kind, text: textOf(value, kind) };
    this.#heard(name);
  }

  /** Leave it to the standing value again. */
  reset(name: string): void {
    const parameter = this.parameter(name);
    if (parameter) this.#fields[keyOf(name)] = this.#untouched(parameter);
    else {
      this.#fields = Object.fromEntries(Object.entries(this.#fields).filter(([key]) => key !== keyOf(name)));
      this.extras = this.extras.filter((one) => one !== name);
    }
    this.#heard(name);
  }

  resetAll(): void {
    for (const name of this.names) this.reset(name);
    this.from = "";
  }

  #heard(name: string): void {
    if (this.refused.length) this.refused = this.refused.filter((one) => one.at !== name && one.at !== "");
  }

  #readGiven(): Record<string, unknown> {
    const pairs: [string, unknown][] = [];
    for (const name of this.names) {
      const field = this.field(name);
      if (!field?.given) continue;
      const { value, fault } = read(field);
      if (fault === null) pairs.push([name, value]);
    }
    return Object.fromEntries(pairs);
  }

  /** All values that the run will have. */
  get whole(): Record<string, unknown> {
    const pairs = this.ground.parameters
      .map((one) => [one.name, standing(one, this.ground.groupDefaults)] as const)
      .filter(([, stands]) => stands.source !== null)
      .map(([name, stands]) => [name, stands.value] as const);
    return { ...this.ground.groupDefaults, ...Object.fromEntries(pairs), ...this.given };
  }

  /** Replace everything that is given by one JSON object. */
  replace(values: Record<string, unknown>): void {
    for (const name of this.names) if (!Object.hasOwn(values, name)) this.reset(name);
    for (const [name, value] of Object.entries(values)) {
      const field = this.field(name);
      // A value that is already there stays as it was typed.
      if (field?.given && read(field).fault === null && same(read(field).value, value)) continue;
      this.give(name, value);
    }
  }

  /** Open the JSON view; false when a field cannot be read, which would be lost. */
  openJson(): boolean {
    if (this.names.some((name) => isUnread(this.field(name)))) return false;
    this.json = JSON.stringify(this.given, null, 2);
    return true;
  }

  /** Take what is typed in the JSON view; the value follows as soon as it is one. */
  typeJson(text: string): void {
    this.json = text;
    const { value, fault } = readObject(text, "The parameters");
    if (fault === null) this.replace(value as Record<string, unknown>);
  }

  get jsonFault(): { message: string; position: number } | null {
    if (this.json === null) return null;
    const { fault } = readObject(this.json, "The parameters");
    if (fault === null) return null;
    const place = this.json.trim() === "" ? null : parseJson(this.json).fault;
    return { message: fault, position: place?.position ?? 0 };
  }

  /** When it is to start: null for now, NaN for a time that there is not. */
  get start(): number | null {
    if (!this.later) return null;
    return instantsOf(this.wall, this.zone)[0] ?? Number.NaN;
  }

  /** The run config that holds when none is given. */
  get standingConfig(): Config {
    return this.ground.groupConfig ?? this.ground.flowConfig ?? { type: "UniversalRun" };
  }

  /** The labels that hold when none are given, and who says so. */
  get standingLabels(): { labels: string[]; source: string } {
    const { groupLabels, groupConfig, flowConfig, environment } = this.ground;
    const all: [string[] | null, string][] = [
      [groupLabels, "flow group"],
      [labelsOf(groupConfig), "run configuration of the flow group"],
      [labelsOf(flowConfig), "run configuration of the flow"],
      [labelsOf(environment), "environment of the flow"],
    ];
    const found = all.find(([labels]) => labels !== null);
    return { labels: found?.[0] ?? [], source: found?.[1] ?? "" };
  }

  /** The run config that is sent; null when the standing one is to hold. */
  get sentConfig(): Config | null {
    const env = this.env.filter(([name]) => name !== "");
    if (this.config === null && env.length === 0 && this.level === "") return null;
    const base = this.config ?? this.standingConfig;
    return withEnv(base, [...env, ...(this.level ? [[LEVEL_VARIABLE, this.level] as [string, string]] : [])]);
  }

  /** With a run config the labels must be said as well: those of the flow group would be forgotten. */
  get sentLabels(): string[] | null {
    if (this.labels !== null) return this.labels;
    return this.sentConfig === null ? null : this.standingLabels.labels;
  }

  readonly #faultOf = $derived(new Map(this.faults.map((one) => [one.at, one.message] as const).reverse()));

  #findFaults(): Fault[] {
    const found: Fault[] = [];
    if (this.jsonFault) found.push({ at: "json", message: this.jsonFault.message });
    else
      for (const name of this.names) {
        const field = this.field(name);
        if (!field) continue;
        if (field.given) {
          const { fault } = read(field);
          if (fault !== null) found.push({ at: name, message: fault });
        } else if (this.standing(name).source === null && this.parameter(name)?.required)
          found.push({ at: name, message: "Give a value: the flow has no default for it." });
      }
    if (Number.isNaN(this.start))
      found.push({
        at: "when",
        message: this.wall ? "This time does not exist: the clocks skip it." : "Choose a date and a time.",
      });
    const context = readObject(this.context, "The context");
    if (context.fault !== null) found.push({ at: "context", message: context.fault });
    for (const [name] of this.env)
      if (name !== "" && !/^[^=\0]+$/.test(name)) found.push({ at: "env", message: "A variable's name has no “=”." });
    if (this.config) found.push(...faultsOf(this.config));
    const size = JSON.stringify([this.given, this.sentConfig, this.context]).length;
    if (size > BYTES_MAX) found.push({ at: "", message: "All together it is larger than the 5 MB of a request." });
    return [...found, ...this.refused];
  }

  fault(name: string): string | null {
    return this.#faultOf.get(name) ?? null;
  }

  /** Begin with the values of another run. */
  startFrom(run: { id: string; parameters: unknown; context: unknown }): void {
    for (const name of this.names) this.reset(name);
    for (const [name, value] of Object.entries(objectOf(run.parameters))) this.give(name, value);
    const context = objectOf(run.context);
    this.context = Object.keys(context).length ? JSON.stringify(context, null, 2) : "";
    this.from = run.id;
    if (this.json !== null) this.json = JSON.stringify(this.given, null, 2);
  }

  /** Values that a link carries: `p.<name>=`. */
  startFromAddress(): void {
    for (const [key, text] of at.query) if (key.startsWith("p.")) this.give(key.slice(2), typed(text));
    const when = Date.parse(at.get("when") ?? "");
    if (!Number.isNaN(when)) this.later = true;
  }

  get #keptAt(): string {
    return `proctor.draft.${this.ground.groupId}`;
  }

  /** Keep it in this tab, without what looks secret. */
  save(): void {
    const kept: Kept = {
      fields: this.names
        .filter((name) => this.field(name)?.given && !looksSecret(name))
        .map((name) => [name, { ...(this.field(name) as Field) }]),
      later: this.later,
      wall: this.wall,
      zone: this.zone,
      priority: this.priority,
      name: this.name,
      key: this.key,
      labels: this.labels ? [...this.labels] : null,
      config: this.config && envOf(this.config).some(([name]) => looksSecret(name)) ? null : this.config,
      env: this.env.filter(([name]) => !looksSecret(name)).map(([name, value]) => [name, value]),
      level: this.level,
      context: this.context,
      from: this.from,
    };
    try {
      sessionStorage.setItem(this.#keptAt, JSON.stringify(kept));
    } catch {
      // Full, or larger than the browser keeps: the draft lives as long as the page does.
    }
  }

  /** Take up what was kept; false when nothing was. */
  restore(): boolean {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.#keptAt) ?? "null") as Kept | null;
      if (!kept) return false;
      for (const [name, field] of kept.fields) {
        if (this.field(name) === undefined) this.extras = [...this.extras, name];
        this.#fields[keyOf(name)] = field;
      }
      this.later = kept.later;
      this.wall = kept.wall;
      this.zone = kept.zone;
      this.priority = kept.priority ?? null;
      this.name = kept.name;
      this.key = kept.key;
      this.labels = kept.labels;
      this.config = kept.config;
      this.env = kept.env;
      this.level = kept.level;
      this.context = kept.context;
      this.from = kept.from;
      return true;
    } catch {
      return false;
    }
  }

  forget(): void {
    sessionStorage.removeItem(this.#keptAt);
  }
}
