/**
 * Work that may come a moment after the drawing, such as highlighting.
 *
 * The rule: it is done when the page has time, and not at all for what is gone by then.
 */
import { useEffect, useState } from "preact/hooks";

const LATEST_MS = 500;

/** Null until it was made for these inputs; what was made for the ones before is not kept. */
export function useWhenIdle<T>(make: () => T, inputs: readonly unknown[]): T | null {
  const [made, setMade] = useState<{ inputs: readonly unknown[]; value: T } | null>(null);
  useEffect(() => whenIdle(() => setMade({ inputs, value: make() })), inputs);
  const current = made?.inputs.every((input, index) => input === inputs[index]);
  return made && current ? made.value : null;
}

function whenIdle(work: () => void): () => void {
  // Safari has no idle callback.
  if (typeof requestIdleCallback !== "function") {
    const timer = setTimeout(work);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(work, { timeout: LATEST_MS });
  return () => cancelIdleCallback(handle);
}
