import { url } from "./url";

const KEY = "proctor.key";

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
  /** What the key (or the absence of keys) allows, as the API lists it. */
  permissions = $state.raw<readonly string[]>([]);
  version = $state("");
  /** Why somebody must log in now; null when nobody must. */
  login = $state<string | null>(null);
  /** Counts log-ins: whoever was refused asks again when it changes. */
  turn = $state(0);

  get key(): string | null {
    return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
  }

  /** Keep a key: for this tab, or for this browser. */
  keep(key: string, forGood: boolean): void {
    this.forget();
    (forGood ? localStorage : sessionStorage).setItem(KEY, key);
  }

  forget(): void {
    sessionStorage.removeItem(KEY);
    localStorage.removeItem(KEY);
  }

  /** The headers that say who asks. */
  headers(): Record<string, string> {
    const key = this.key;
    return {
      ...(key ? { Authorization: `Bearer ${key}` } : {}),
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
