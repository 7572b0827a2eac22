import { settings, zone } from "../data/settings.svelte";
import type { Writing } from "../words/time";

/** How this person wants times to be written; reactive. */
export function writing(): Writing {
  return { zone: zone(), hours: settings.hours };
}
