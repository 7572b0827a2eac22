import type { Fault } from "./values";

/** How a run is launched: a JSON object with a type; fields that are not known here are kept. */
export type Config = Record<string, unknown>;

export const LEVEL_VARIABLE = "PREFECT__LOGGING__LEVEL";
export const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const;

export interface ConfigField {
  name: string;
  words: string;
  /** `list`: texts, one a line; `numbers`: whole numbers, one a line. */
  kind: "text" | "json" | "list" | "numbers" | "choice";
  hint?: string;
  choices?: readonly string[];
}

const field = (name: string, words: string, kind: ConfigField["kind"] = "text", hint = ""): ConfigField => ({
  name,
  words,
  kind,
  ...(hint ? { hint } : {}),
});

export const TYPES: readonly (readonly [string, string])[] = [
  ["UniversalRun", "Universal"],
  ["LocalRun", "Local"],
  ["DockerRun", "Docker"],
  ["KubernetesRun", "Kubernetes"],
  ["ECSRun", "ECS"],
];

export const FIELDS: Record<string, readonly ConfigField[]> = {
  UniversalRun: [],
  LocalRun: [field("working_dir", "Working folder", "text", "where the agent is")],
  DockerRun: [
    field("image", "Image", "text", "that of the flow's storage"),
    field("ports", "Ports to publish", "numbers", "one a line"),
    field("host_config", "Host configuration", "json"),
  ],
  KubernetesRun: [
    field("image", "Image", "text", "that of the flow's storage"),
    field("cpu_request", "CPU request", "text", "for example 500m"),
    field("cpu_limit", "CPU limit", "text", "for example 2"),
    field("memory_request", "Memory request", "text", "for example 512Mi"),
    field("memory_limit", "Memory limit", "text", "for example 2Gi"),
    field("service_account_name", "Service account"),
    field("image_pull_secrets", "Image pull secrets", "list", "one a line"),
    {
      name: "image_pull_policy",
      words: "Image pull policy",
      kind: "choice",
      choices: ["Always", "IfNotPresent", "Never"],
    },
    field("job_template_path", "Path of the job template", "text", "for example s3://bucket/job.yaml"),
    field("job_template", "Job template", "json"),
  ],
  ECSRun: [
    field("image", "Image", "text", "that of the flow's storage"),
    field("cpu", "CPU", "text", "for example 1 vcpu"),
    field("memory", "Memory", "text", "for example 2 GB"),
    field("task_role_arn", "ARN of the task's role"),
    field("execution_role_arn", "ARN of the execution role"),
    field("task_definition_arn", "ARN of the task definition"),
    field("task_definition_path", "Path of the task definition"),
    field("task_definition", "Task definition", "json"),
    field("run_task_kwargs", "Arguments of run_task", "json"),
  ],
};

const COMMON = new Set(["type", "env", "labels", "__version__"]);

export function typeOf(config: Config | null): string {
  return typeof config?.["type"] === "string" ? config["type"] : "UniversalRun";
}

/** "Docker" of "DockerRun"; a type that is not known here says its own name. */
export function typeWord(config: Config | null): string {
  return TYPES.find(([type]) => type === typeOf(config))?.[1] ?? typeOf(config);
}

/** The labels of a config; null when it says nothing of them. */
export function labelsOf(config: Config | null): string[] | null {
  const labels = config?.["labels"];
  return Array.isArray(labels) ? labels.map(String) : null;
}

export function envOf(config: Config | null): [string, string][] {
  const env = config?.["env"];
  if (typeof env !== "object" || env === null || Array.isArray(env)) return [];
  return Object.entries(env as Record<string, unknown>).map(([name, value]) => [name, String(value)]);
}

/** Add variables to a config; later ones win. */
export function withEnv(config: Config, variables: readonly (readonly [string, string])[]): Config {
  if (variables.length === 0) return config;
  const env = Object.fromEntries([...envOf(config), ...variables]);
  return { ...config, env };
}

/** Turn a config into one of another type: what both have stays, and so does what is not known here. */
export function turned(config: Config, type: string): Config {
  const known = new Set(Object.values(FIELDS).flatMap((fields) => fields.map((one) => one.name)));
  const own = new Set((FIELDS[type] ?? []).map((one) => one.name));
  const kept = Object.entries(config).filter(([name]) => COMMON.has(name) || own.has(name) || !known.has(name));
  return { ...Object.fromEntries(kept), type };
}

/** The fields of a config that its type does not have. */
export function others(config: Config): string[] {
  const own = new Set((FIELDS[typeOf(config)] ?? []).map((one) => one.name));
  return Object.keys(config).filter((name) => !COMMON.has(name) && !own.has(name));
}

/** Set a field; an empty text or list takes it away, so that the agent's own holds. */
export function set(config: Config, name: string, value: unknown): Config {
  const isEmpty = value === "" || value === null || (Array.isArray(value) && value.length === 0);
  if (!isEmpty) return { ...config, [name]: value };
  return Object.fromEntries(Object.entries(config).filter(([one]) => one !== name));
}

/** What the server or the agent would refuse. */
export function faultsOf(config: Config): Fault[] {
  const found: Fault[] = [];
  const given = (name: string) => config[name] !== undefined && config[name] !== null && config[name] !== "";
  const type = typeOf(config);
  if (type === "KubernetesRun" && given("job_template") && given("job_template_path"))
    found.push({ at: "config.job_template", message: "Give the job template or its path, not both." });
  if (type === "ECSRun") {
    const definitions = ["task_definition", "task_definition_path", "task_definition_arn"].filter(given);
    if (definitions.length > 1)
      found.push({ at: "config.task_definition", message: "Give one of task definition, its path and its ARN." });
    if (given("task_definition_arn") && given("image"))
      found.push({ at: "config.image", message: "A task definition that exists has its own image." });
  }
  for (const port of Array.isArray(config["ports"]) ? (config["ports"] as unknown[]) : [])
    if (!Number.isInteger(port)) found.push({ at: "config.ports", message: "Ports are whole numbers, one a line." });
  return found;
}
