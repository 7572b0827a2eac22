import { ask } from "../../data/ask";
import { at } from "../../data/place.svelte";
import { href } from "../../data/session.svelte";
import { Version } from "../../operations/frame.gen";

const ID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const NOBODY = "00000000-0000-0000-0000-000000000000";

/** Addresses of 1.x may name a flow, or a version group, where now its flow group stands. */
export const toGroup = {
  isId: (text: string | undefined): boolean => ID.test(text ?? ""),

  /** Go to the flow group of a flow or version group, once it is known that there is no such group. */
  redirect(id: () => string, isMissing: () => boolean, tab: () => string): void {
    $effect(() => {
      const named = id();
      if (!isMissing() && ID.test(named)) return;
      let left = false;
      ask(Version, { id: ID.test(named) ? named : NOBODY, text: named }).then(
        (answer) => {
          const group = answer.flow_by_pk?.flow_group_id ?? answer.flow[0]?.flow_group_id;
          if (left || !group) return;
          const query = Object.fromEntries(at.query);
          const version = answer.flow_by_pk?.version;
          at.go(
            href(`flow/${group}${tab() ? `/${tab()}` : ""}`, {
              ...query,
              ...(version !== null && version !== undefined ? { version: String(version) } : {}),
            }),
            { replace: true },
          );
        },
        () => {},
      );
      return () => (left = true);
    });
  },
};
