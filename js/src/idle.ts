/**
 * Work that can wait until the page has time.
 *
 * The rule: one piece at a time, and the page gets its turn between two; what is given up is never
 * done. Where the browser does not say when it has time, soon is good enough.
 */

type Work = () => void;

const waiting = new Set<Work>();
let asked = false;
/** So that a busy page gets there in the end. */
const LATEST = 1000;

/** Does the work later; the function that is returned gives it up. */
export function whenIdle(work: Work): () => void {
  waiting.add(work);
  ask();
  return () => void waiting.delete(work);
}

function ask(): void {
  if (asked || waiting.size === 0) return;
  asked = true;
  if (typeof requestIdleCallback === "function") requestIdleCallback(doOne, { timeout: LATEST });
  else setTimeout(doOne, 1);
}

function doOne(): void {
  asked = false;
  const [work] = waiting;
  if (!work) return;
  waiting.delete(work);
  ask();
  work();
}
