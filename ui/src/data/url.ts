/** Make the address of something of this server; the only maker of addresses.
 *
 * The server writes where it lives into `<base>`, so the same files work below any path.
 */
export function url(path: string): string {
  return new URL(path.replace(/^\/+/, ""), document.baseURI).href;
}

/** Give the part of an address behind the base, without a slash at its ends; null for an address of another place. */
export function below(address: URL): string | null {
  const base = new URL(document.baseURI);
  const home = base.pathname.endsWith("/") ? base.pathname : `${base.pathname}/`;
  if (address.origin !== base.origin) return null;
  if (`${address.pathname}/` === home) return "";
  return address.pathname.startsWith(home) ? address.pathname.slice(home.length).replace(/\/+$/, "") : null;
}
