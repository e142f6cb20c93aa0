/**
 * Highlighting, which may come a moment after the drawing.
 *
 * The rule: it is done when the highlighter is there and the page has time, and not at all for what
 * is gone by then.
 */
import { useEffect, useState } from "preact/hooks";
import { highlighter, wantHighlighter } from "../../text/highlight.ts";
import { whenIdle } from "../../text/idle.ts";

/**
 * Null until it was made for these inputs; what was made for the ones before is not shown. Nothing
 * is made without a language.
 */
export function useHighlighted<T>(
  language: string,
  make: () => T,
  inputs: readonly unknown[],
): T | null {
  const ready = highlighter.value !== null;
  const known = [language, ...inputs];
  const [made, setMade] = useState<{ inputs: readonly unknown[]; value: T } | null>(null);
  useEffect(() => {
    if (language === "") return;
    if (ready) return whenIdle(() => setMade({ inputs: known, value: make() }));
    wantHighlighter();
  }, [ready, ...known]);
  const current = made?.inputs.every((input, index) => input === known[index]);
  return made && current ? made.value : null;
}
