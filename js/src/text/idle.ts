/**
 * Work that can wait until the page has time.
 *
 * The rule: one piece at a time, and the page gets its turn between two; what is given up is never
 * done. Where the browser does not say when it has time, soon is good enough.
 */

type Work = () => void;

const waiting = new Set<Work>();
/** Takes back what was asked of the browser; null where nothing is. */
let unask: (() => void) | null = null;
/** So that a busy page gets there in the end. */
const LATEST = 1000;

/** Does the work later; the function that is returned gives it up. */
export function whenIdle(work: Work): () => void {
  waiting.add(work);
  ask();
  return () => {
    waiting.delete(work);
    if (waiting.size > 0) return;
    unask?.();
    unask = null;
  };
}

function ask(): void {
  if (unask || waiting.size === 0) return;
  if (typeof requestIdleCallback === "function") {
    const handle = requestIdleCallback(doOne, { timeout: LATEST });
    unask = () => cancelIdleCallback(handle);
  } else {
    const timer = setTimeout(doOne, 1);
    unask = () => clearTimeout(timer);
  }
}

function doOne(): void {
  unask = null;
  const [work] = waiting;
  if (!work) return;
  waiting.delete(work);
  ask();
  work();
}
