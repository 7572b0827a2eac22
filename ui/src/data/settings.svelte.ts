import { keep, keptOf } from "./kept";
import { looksOf, type Settings } from "./looks";

const KEY = "proctor.settings";
const KIND = "settings";
const NAME = "looks";

function load(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function read(text: string | null): Settings {
  try {
    return looksOf(JSON.parse(text ?? "{}"));
  } catch {
    return looksOf(null);
  }
}

/** How this person likes to look at things; kept on the server, and in this browser until that has answered. */
export const settings: Settings = $state(read(load()));
/** Whether the server refused it: then it is this browser's alone. */
export const keeping = $state({ refused: false });
let changes = 0;

export function save(): void {
  localStorage.setItem(KEY, JSON.stringify(settings));
  changes += 1;
  void put();
}

async function put(): Promise<void> {
  try {
    await keep(KIND, NAME, { ...settings });
    keeping.refused = false;
  } catch {
    keeping.refused = true;
  }
}

/** Look as the server knows it; what only this browser knew is taken over, once. */
export async function settle(): Promise<void> {
  const before = changes;
  try {
    const found = (await keptOf(KIND)).find((one) => one.name === NAME);
    // What was chosen meanwhile is newer.
    if (changes !== before) return;
    if (found) {
      Object.assign(settings, looksOf(found.value));
      localStorage.setItem(KEY, JSON.stringify(settings));
    } else if (load() !== null) await put();
  } catch {
    // It stays as this browser has it.
  }
}

/** The zone of every time that is shown. */
export function zone(): string {
  return settings.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}
