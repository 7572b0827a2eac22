import { url } from "./url";

export interface Tenant {
  id: string;
  name: string;
  slug: string;
}

/** Who looks, and at which tenant. */
class Session {
  /** The tenant of every request; null until it is known. */
  tenant = $state.raw<Tenant | null>(null);
  tenants = $state.raw<Tenant[]>([]);
  role = $state("admin");
  /** The key behind the session; null while the server asks for none. */
  keyId = $state<string | null>(null);
  /** What the key (or the absence of keys) allows, as the API lists it. */
  permissions = $state.raw<readonly string[]>([]);
  version = $state("");
  /** Why somebody must log in now; null when nobody must. */
  login = $state<string | null>(null);
  /** Counts log-ins: whoever was refused asks again when it changes. */
  turn = $state(0);

  /**
   * Show a key to the server, which keeps it from then on in a cookie that no script reads; gives why not, if not.
   * `stay`: also after the browser was closed. Who it is, and of which tenant, is asked before anything goes on.
   */
  async enter(key: string, stay: boolean): Promise<string | null> {
    let response: Response;
    try {
      response = await fetch(url("login"), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ key, stay }),
      });
    } catch {
      return "The server cannot be reached.";
    }
    if (response.ok) return null;
    const answer = (await response.json().catch(() => null)) as { errors?: { message: string }[] } | null;
    return answer?.errors?.[0]?.message ?? `The server answered ${response.status}.`;
  }

  /** End the session of this browser. */
  async leave(): Promise<void> {
    await fetch(url("logout"), { method: "POST" });
    this.login = "You are logged out.";
  }

  /** The headers that say for which tenant is asked; who asks, says the cookie. */
  headers(): Record<string, string> {
    return {
      ...(this.tenant ? { "X-PREFECT-TENANT-ID": this.tenant.id } : {}),
    };
  }

  may(role: "read" | "trigger" | "run" | "admin"): boolean {
    const order = ["read", "trigger", "run", "admin"];
    return order.indexOf(this.role) >= order.indexOf(role);
  }
}

export const session = new Session();

/** Give the address of a screen in the present tenant: `href("runs", { state: "Failed" })`. */
export function href(path: string, query: Record<string, string | null | undefined> = {}): string {
  const slug = session.tenant?.slug;
  const search = new URLSearchParams(
    Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== null && pair[1] !== undefined),
  ).toString();
  const place = slug ? `${encodeURIComponent(slug)}/${path}` : path;
  return url(place.replace(/\/+$/, "")) + (search ? `?${search}` : "");
}
