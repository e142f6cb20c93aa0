/**
 * Work for a drawing that may come a moment after it, such as highlighting.
 *
 * The rule: it is done when the page has time, and not at all for what is gone by then.
 */
import { useEffect, useState } from "preact/hooks";
import { whenIdle } from "../idle.ts";

/** Null until it was made for these inputs; what was made for the ones before is not shown. */
export function useWhenIdle<T>(make: () => T, inputs: readonly unknown[]): T | null {
  const [made, setMade] = useState<{ inputs: readonly unknown[]; value: T } | null>(null);
  useEffect(() => whenIdle(() => setMade({ inputs, value: make() })), inputs);
  const current = made?.inputs.every((input, index) => input === inputs[index]);
  return made && current ? made.value : null;
}
