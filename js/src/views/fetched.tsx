/**
 * What is drawn of the panels' part, once it is there.
 *
 * The rule: it is wanted while this is mounted, and asked for again while it does not come.
 */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useNow } from "../page/clock.ts";
import { type Panels, panels } from "../parts/panelspart.ts";

export function Fetched({ draw }: { draw: (panels: Panels) => ComponentChildren }) {
  const ready = panels.value.value;
  const now = useNow(!ready);
  // Each second it may be time to ask again.
  useEffect(() => panels.want(), [now]);
  return ready ? <>{draw(ready)}</> : <p class="cw-empty">Asking the kernel…</p>;
}
