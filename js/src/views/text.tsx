/**
 * Text, thinking and prompts; and long text in parts.
 *
 * The rule: text is a text node, whatever is in it. Markdown is for a later version of TextView.
 */
import { useState } from "preact/hooks";
import type { PromptBlock, TextBlock } from "../blocks.ts";

const LONG = 100_000;
/** "Show all" of 40 MB would stop the page: it goes in steps. */
const STEP = 500_000;

export function ClippedText({ text, length }: { text: string; length: number }) {
  const [shown, setShown] = useState(length);
  const left = text.length - shown;
  // A few more characters are shorter than the button.
  if (left <= length / 10) return <>{text}</>;
  const step = Math.min(left, STEP);
  const label = step === left ? "Show all" : "Show more";
  return (
    <>
      {text.slice(0, shown)}
      {"… "}
      <button type="button" class="cw-link" onClick={() => setShown(shown + step)}>
        {`${label} (${left.toLocaleString("en")} more characters)`}
      </button>
    </>
  );
}

export function TextView({ block }: { block: TextBlock }) {
  return (
    <div class={block.error ? "cw-words cw-bad" : "cw-words"}>
      <ClippedText text={block.text} length={LONG} />
      {block.streaming && <span class="cw-caret" aria-hidden="true" />}
      {block.aborted && <span class="cw-meta"> (broken off)</span>}
      {block.error && <div class="cw-meta">{block.error}</div>}
    </div>
  );
}

export function ThinkingView({ block }: { block: TextBlock }) {
  if (block.text === "" && !block.streaming) return null;
  return (
    <details>
      <summary>{block.streaming ? "Thinking…" : "Thinking"}</summary>
      <div class="cw-words">
        <ClippedText text={block.text} length={LONG} />
      </div>
    </details>
  );
}

export function PromptView({ block }: { block: PromptBlock }) {
  return (
    <div class="cw-words">
      <span class="cw-label">Prompt</span>
      <ClippedText text={block.text} length={2000} />
    </div>
  );
}
