/**
 * The one timer behind everything that counts seconds.
 *
 * The rule: it runs only while something that ticks is drawn, and stands still while nobody sees it.
 */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

const now = signal(Date.now() / 1000);
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  if (document.visibilityState !== "hidden") now.value = Date.now() / 1000;
}

function join(): () => void {
  users += 1;
  if (users === 1) {
    tick();
    timer = setInterval(tick, 1000);
  }
  return () => {
    users -= 1;
    if (users === 0) clearInterval(timer);
  };
}

/** Epoch seconds of the page's clock; the caller is drawn again each second if `ticking`. */
export function useNow(ticking: boolean): number {
  useEffect(() => (ticking ? join() : undefined), [ticking]);
  return ticking ? now.value : now.peek();
}
