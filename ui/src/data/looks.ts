/** How a person likes to look at things. */
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

export const DEFAULTS: Settings = {
  theme: "system",
  zone: null,
  hours: 24,
  density: "close",
  keys: true,
  colours: "proctor",
};

function isZone(value: unknown): boolean {
  if (value === null) return true;
  try {
    return typeof value === "string" && Boolean(new Intl.DateTimeFormat("en", { timeZone: value }));
  } catch {
    return false;
  }
}

const ALLOWED: { [Name in keyof Settings]: (value: unknown) => boolean } = {
  theme: (value) => ["system", "light", "dark"].includes(value as string),
  zone: isZone,
  hours: (value) => value === 12 || value === 24,
  density: (value) => value === "close" || value === "wide",
  keys: (value) => typeof value === "boolean",
  colours: (value) => value === "proctor" || value === "classic",
};

/** Read what was kept; what cannot be used is as it is by default. */
export function looksOf(kept: unknown): Settings {
  const given = (typeof kept === "object" && kept !== null ? kept : {}) as Record<string, unknown>;
  const usable = Object.entries(ALLOWED).filter(([name, allows]) => name in given && allows(given[name]));
  return { ...DEFAULTS, ...Object.fromEntries(usable.map(([name]) => [name, given[name]])) };
}
