/** Codes that this page gives itself: the server has no page of them. */
const OWN = new Set(["ERROR", "NETWORK", "UNKNOWN"]);

/** Give the address of the page of a refusal's code, on the server; null where there is none. */
export function pageOf(code: string): string | null {
  return /^[A-Z][A-Z_]{2,60}$/.test(code) && !OWN.has(code) ? `ui/codes/${code}` : null;
}
