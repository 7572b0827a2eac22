const KEY = "proctor.settings";

export interface Settings {
  theme: "system" | "light" | "dark";
  /** A zone's name, or null for the browser's own. */
  zone: string | null;
  hours: 12 | 24;
  density: "close" | "wide";
  /** Whether a single letter is a command (WCAG 2.1.4). */
  keys: boolean;
  colours: "proctor" | "classic";
}

const DEFAULTS: Settings = { theme: "system", zone: null, hours: 24, density: "close", keys: true, colours: "proctor" };

function load(): Settings {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>) };
  } catch {
    return { ...DEFAULTS };
  }
}

/** How this person likes to look at things; kept in this browser. */
export const settings: Settings = $state(load());

export function save(): void {
  localStorage.setItem(KEY, JSON.stringify(settings));
}

/** The zone of every time that is shown. */
export function zone(): string {
  return settings.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}
