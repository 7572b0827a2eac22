type Speak = (cron: string) => string;

let speak = $state.raw<Speak | null>(null);
let asked = false;

/** Say a cron text in words: null until the words are loaded, and for a text that is no cron. */
export function spoken(cron: string): string | null {
  if (!asked) {
    asked = true;
    import("cronstrue").then(
      (module) => {
        speak = (text) => module.default.toString(text, { use24HourTimeFormat: true, verbose: false });
      },
      () => (asked = false),
    );
  }
  try {
    const said = speak?.(cron) ?? null;
    // "At 02:00" alone leaves open on which days.
    return said !== null && /^At [\d:]+$/.test(said) ? `${said}, every day` : said;
  } catch {
    return null;
  }
}
