/** A named way to look at runs: the query of the address, without the place in the list. */
export interface View {
  name: string;
  query: string;
}

/** What belongs to one look, not to a view. */
const PASSING = ["at", "sel"];
const MOST = 50;
const LONGEST_NAME = 60;

export const BUILT_IN: readonly View[] = [
  { name: "Recent", query: "" },
  { name: "Failed", query: "state=Failed&state=TimedOut&state=TriggerFailed&since=-7d" },
  { name: "Running", query: "state=Submitted&state=Running&state=Cancelling" },
  { name: "Late", query: "due=late&sort=oldest" },
  { name: "Upcoming", query: "due=upcoming&sort=oldest" },
  { name: "All", query: "due=all" },
];

/** Write a query in one order, without what is passing: two looks are the same view when these are equal. */
export function plain(query: URLSearchParams | string): string {
  const all = [...new URLSearchParams(query)].filter(([name, value]) => !PASSING.includes(name) && value !== "");
  return new URLSearchParams(all.sort((a, b) => (a.join("=") < b.join("=") ? -1 : 1))).toString();
}

const keyOf = (tenant: string) => `proctor.views.${tenant}`;

/** The views that this browser keeps; what cannot be read is none. */
export function savedViews(tenant: string, store: Pick<Storage, "getItem"> = localStorage): View[] {
  try {
    const all: unknown = JSON.parse(store.getItem(keyOf(tenant)) ?? "[]");
    if (!Array.isArray(all)) return [];
    return all.filter((one): one is View => typeof one?.name === "string" && typeof one?.query === "string");
  } catch {
    return [];
  }
}

/** Keep a view under its name; one of the same name is replaced. Gives all of them. */
export function keepView(
  tenant: string,
  view: View,
  store: Pick<Storage, "getItem" | "setItem"> = localStorage,
): View[] {
  const name = view.name.trim().slice(0, LONGEST_NAME);
  const all = [...savedViews(tenant, store).filter((one) => one.name !== name), { name, query: plain(view.query) }];
  store.setItem(keyOf(tenant), JSON.stringify(all.slice(-MOST)));
  return all.slice(-MOST);
}

export function dropView(
  tenant: string,
  name: string,
  store: Pick<Storage, "getItem" | "setItem"> = localStorage,
): View[] {
  const all = savedViews(tenant, store).filter((one) => one.name !== name);
  store.setItem(keyOf(tenant), JSON.stringify(all));
  return all;
}

/** Where views are kept for a person, whatever the browser. */
export interface Place {
  list: () => Promise<View[]>;
  keep: (view: View) => Promise<void>;
  drop: (name: string) => Promise<void>;
}

type Shelf = Pick<Storage, "getItem" | "setItem">;

/** Give the views of the server, and those that only this browser has: the server takes these over, if it does. */
export async function allViews(tenant: string, place: Place, store: Shelf = localStorage): Promise<View[]> {
  const all = [...(await place.list())];
  for (const view of savedViews(tenant, store)) {
    if (!all.some((one) => one.name === view.name)) {
      all.push(view);
      try {
        await place.keep(view);
      } catch {
        continue;
      }
    }
    dropView(tenant, view.name, store);
  }
  return all;
}

/** Keep a view on the server, or in this browser where that is refused; tells whether it is on the server. */
export async function keepForMe(
  tenant: string,
  view: View,
  place: Place,
  store: Shelf = localStorage,
): Promise<boolean> {
  const plainly = { name: view.name.trim().slice(0, LONGEST_NAME), query: plain(view.query) };
  try {
    await place.keep(plainly);
    dropView(tenant, plainly.name, store);
    return true;
  } catch {
    keepView(tenant, plainly, store);
    return false;
  }
}

/** Forget a view wherever it is. */
export async function forget(tenant: string, name: string, place: Place, store: Shelf = localStorage): Promise<void> {
  const here = savedViews(tenant, store).some((one) => one.name === name);
  if (here) dropView(tenant, name, store);
  else await place.drop(name);
}
