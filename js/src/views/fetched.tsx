/**
 * What is drawn of the panels' part, once it is there.
 *
 * The rule: it is wanted while this is mounted, of the view's own kernel first, and asked for again
 * while it does not come.
 */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useNow } from "../page/clock.ts";
import { type Panels, panels } from "../parts/panelspart.ts";
import { useView } from "../view.ts";

export interface FetchedProps {
  readonly draw: (panels: Panels) => ComponentChildren;
  /** Says nothing until it is there. */
  readonly quiet?: boolean;
}

export function Fetched({ draw, quiet = false }: FetchedProps) {
  const { store, connection } = useView().app;
  const ready = panels.value.value;
  const now = useNow(!ready);
  // Each second it may be time to ask again.
  useEffect(() => panels.want(store), [store, now]);
  if (ready) return <>{draw(ready)}</>;
  if (quiet) return null;
  const away = connection.state.value === "disconnected";
  const told = away ? "The kernel, which has this panel, is away." : "Asking the kernel…";
  return <p class="cw-empty">{told}</p>;
}

/** Milliseconds after the first welcome. */
const SETTLED = 2000;

/** Fetched once the page has settled, so that they are there while the kernel is busy, or gone. */
export function usePanelsSoon(): void {
  const { store } = useView().app;
  const welcomed = store.welcome.value !== null;
  useEffect(() => {
    if (!welcomed) return;
    const timer = setTimeout(() => panels.want(store), SETTLED);
    return () => clearTimeout(timer);
  }, [store, welcomed]);
}
