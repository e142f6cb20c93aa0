/**
 * Text of a terminal, with its colours.
 *
 * The rule: from the parser's runs to nodes; only colour and weight are taken from the codes, and a
 * character that would hide or reorder the text is shown.
 */
import { useEffect, useMemo } from "preact/hooks";
import { hasLooks, readAnsi } from "../../text/ansi.ts";
import { highlighter, wantHighlighter } from "../../text/highlight.ts";
import { Visible } from "./visible.tsx";

export function Ansi({ text }: { text: string }) {
  const ready = highlighter.value !== null;
  const runs = useMemo(() => readAnsi(text), [text, ready]);
  useEffect(() => {
    if (!ready && hasLooks(text)) wantHighlighter();
  }, [text, ready]);
  return (
    <>
      {runs.map(({ text: run, looks }, index) => {
        const shown = <Visible text={run} as="prose" />;
        if (looks.length === 0) return shown;
        return (
          <span key={index} class={looks.map((look) => `cw-ansi-${look}`).join(" ")}>
            {shown}
          </span>
        );
      })}
    </>
  );
}
