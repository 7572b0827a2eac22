/** The one Trusted Types policy of the page: addresses of own workers, and text that DOMPurify has cleaned. */
interface Policy {
  createScriptURL(address: string): string;
  createHTML(text: string): string;
}

interface Factory {
  createPolicy(name: string, rules: Partial<Policy>): Policy;
}

const rules: Policy = {
  createScriptURL(address) {
    if (new URL(address, document.baseURI).origin !== location.origin) throw new TypeError("Only files of this server");
    return address;
  },
  createHTML: (text) => text,
};

/** `createHTML` is for DOMPurify alone, which cleans before it asks. */
export const policy: Policy =
  (globalThis as { trustedTypes?: Factory }).trustedTypes?.createPolicy("proctor-text", rules) ?? rules;
