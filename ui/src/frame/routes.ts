import type { Component } from "svelte";

export interface Screen {
  /** `:name` takes one part of the path, `:name?` one that may be missing. */
  pattern: string;
  /** The entry of the main navigation that it belongs to. */
  nav: string;
  title: string;
  load: () => Promise<{ default: Component<{ params: Record<string, string> }> }>;
}

const screen = (pattern: string, nav: string, title: string, load: Screen["load"]): Screen => ({
  pattern,
  nav,
  title,
  load,
});

/** Every screen behind the tenant's part of the path, loaded when it is opened. */
export const SCREENS: readonly Screen[] = [
  screen("", "home", "Home", () => import("../screens/home/Home.svelte")),
  screen("runs", "runs", "Runs", () => import("../screens/runs/Runs.svelte")),
  screen("flow-run/:id/:tab?", "runs", "Flow run", () => import("../screens/run/Run.svelte")),
  screen("task-run/:id/:tab?", "runs", "Task run", () => import("../screens/taskrun/TaskRun.svelte")),
  screen("compare", "runs", "Compare", () => import("../screens/compare/Compare.svelte")),
  screen("flows", "flows", "Flows", () => import("../screens/flows/Flows.svelte")),
  screen("project/:id", "flows", "Project", () => import("../screens/flows/Flows.svelte")),
  screen("flow/:group/run", "flows", "Run a flow", () => import("../screens/form/Form.svelte")),
  screen("flow/:group/:tab?", "flows", "Flow", () => import("../screens/flow/Flow.svelte")),
  screen("task/:id", "flows", "Task", () => import("../screens/task/Task.svelte")),
  screen("queue", "queue", "Queue", () => import("../screens/queue/Queue.svelte")),
  screen("calendar", "calendar", "Calendar", () => import("../screens/calendar/Calendar.svelte")),
  screen("agents", "agents", "Agents", () => import("../screens/agents/Agents.svelte")),
  screen("agent/:id", "agents", "Agent", () => import("../screens/agents/Agent.svelte")),
  screen("limits", "limits", "Limits", () => import("../screens/limits/Limits.svelte")),
  screen("automations", "automations", "Automations", () => import("../screens/automations/Automations.svelte")),
  screen("inbox", "inbox", "Inbox", () => import("../screens/inbox/Inbox.svelte")),
  screen("values", "settings", "Values", () => import("../screens/values/Values.svelte")),
  screen("secrets", "settings", "Secrets", () => import("../screens/secrets/Secrets.svelte")),
  screen("settings/:page?", "settings", "Settings", () => import("../screens/settings/Settings.svelte")),
  screen("api", "settings", "Interactive API", () => import("../screens/api/Api.svelte")),
  screen("start", "home", "Start", () => import("../screens/start/Start.svelte")),
];

/** First parts of a path that are screens, so that an address of 1.x without a tenant is understood. */
const FIRST = new Set(
  [
    "login",
    "agent",
    "graphql",
    "getting-started",
    "tutorial",
    "notifications",
    ...SCREENS.map((one) => one.pattern.split("/")[0] ?? ""),
  ].filter(Boolean),
);

export interface Match {
  screen: Screen;
  params: Record<string, string>;
}

/** Split a path below the base into the tenant's slug (null: none is named) and the rest. */
export function split(path: string): { slug: string | null; rest: string } {
  const [first = "", ...others] = path.split("/");
  if (first === "" || FIRST.has(first)) return { slug: null, rest: path };
  return { slug: decodeURIComponent(first), rest: others.join("/") };
}

/** Find the screen of a path behind the tenant; null when there is none. */
export function match(rest: string): Match | null {
  const parts = rest === "" ? [] : rest.split("/");
  for (const one of SCREENS) {
    const pattern = one.pattern === "" ? [] : one.pattern.split("/");
    if (parts.length > pattern.length) continue;
    const params: Record<string, string> = {};
    const fits = pattern.every((piece, index) => {
      const part = parts[index];
      if (!piece.startsWith(":")) return piece === part;
      if (part === undefined) return piece.endsWith("?");
      try {
        params[piece.replace(/^:|\?$/g, "")] = decodeURIComponent(part);
      } catch {
        return false;
      }
      return true;
    });
    if (fits) return { screen: one, params };
  }
  return null;
}

/** Bare keys by which 1.x chose a tab, and the part of the path that they are now. */
const OLD_TABS: Record<string, string> = {
  overview: "",
  logs: "",
  schematic: "graph",
  artifacts: "artifacts",
  runs: "runs",
  tasks: "tasks",
  versions: "versions",
  readme: "readme",
  run: "run",
  settings: "settings",
  "mapped-runs": "children",
};

/** Turn an address of 1.x into the new one: the rest of the path and its query; null when there is nothing to turn. */
export function moved(rest: string, query: URLSearchParams): { rest: string; query: URLSearchParams } | null {
  const now = new URLSearchParams(query);
  let path = rest;
  if (/^agent$/.test(path)) path = "agents";
  if (path === "" && now.has("flows")) path = "flows";
  if (path === "" && now.has("calendar")) path = "calendar";
  if (path === "" && now.has("automations")) path = "automations";
  if (path === "getting-started" || path === "tutorial") path = "start";
  if (path === "notifications") path = "inbox";
  if (path === "graphql") path = "api";
  for (const key of [...now.keys()]) {
    const bare = now.get(key) === "";
    const tabbed = /^(flow-run|task-run|flow)\/[^/]+$/.exec(path);
    if (bare && key in OLD_TABS && (tabbed || path !== rest || path === "")) {
      now.delete(key);
      if (tabbed && OLD_TABS[key]) path += `/${OLD_TABS[key]}`;
    } else if (bare && ["flows", "calendar", "automations", "agents"].includes(key) && path !== "") now.delete(key);
  }
  const line = now.get("logId");
  if (line) {
    now.delete("logId");
    now.set("line", line);
  }
  return path === rest && now.toString() === query.toString() ? null : { rest: path, query: now };
}
