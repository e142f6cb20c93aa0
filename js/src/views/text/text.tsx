/**
 * Text, thinking and prompts; and long text in parts.
 *
 * The rule: what the agent says is drawn as markdown; a prompt as it was typed.
 */

import type { PromptBlock, TextBlock } from "../../fold/blocks.ts";
import { formatNumber } from "../../format.ts";
import { OPEN, useKept } from "../pane/kept.tsx";
import { Markdown } from "./markdown.tsx";
import { Visible } from "./visible.tsx";

/** "Show all" of 40 MB would stop the page: it goes in steps. */
const STEP = 500_000;

export function ClippedText({ text, length }: { text: string; length: number }) {
  const [shown, setShown] = useKept(`characters after ${length}`, length);
  const left = text.length - shown;
  // A few more characters are shorter than the button.
  if (left <= length / 10) return <Visible text={text} as="prose" />;
  const step = Math.min(left, STEP);
  const label = step === left ? "Show all" : "Show more";
  return (
    <>
      <Visible text={text.slice(0, shown)} as="prose" />
      {"… "}
      <button type="button" class="cw-link" onClick={() => setShown(shown + step)}>
        {`${label} (${formatNumber(left)} more characters)`}
      </button>
    </>
  );
}

export function TextView({ block }: { block: TextBlock }) {
  return (
    <div class={block.error ? "cw-bad" : undefined}>
      <Markdown text={block.text} streaming={block.streaming} />
      {block.streaming && <span class="cw-caret" aria-hidden="true" />}
      {block.aborted && <span class="cw-meta">(broken off)</span>}
      {block.error && (
        <div class="cw-meta">
          <Visible text={block.error} as="prose" />
        </div>
      )}
    </div>
  );
}

export function ThinkingView({ block }: { block: TextBlock }) {
  const [open, setOpen] = useKept(OPEN, false);
  if (block.text === "" && !block.streaming) return null;
  return (
    <details class="cw-thought" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{block.streaming ? "Thinking…" : "Thinking"}</summary>
      {open && <Markdown text={block.text} streaming={block.streaming} />}
    </details>
  );
}

export function PromptView({ block }: { block: PromptBlock }) {
  return (
    <div class="cw-words">
      <span class="cw-label">Prompt</span>
      {block.queued && <span class="cw-tag">queued</span>}{" "}
      <ClippedText text={block.text} length={2000} />
    </div>
  );
}
