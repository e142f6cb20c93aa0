/**
 * Notices, and what was not understood.
 *
 * The rule: one quiet line each; the raw text of the latter is folded unless it is short.
 */
import type { NoticeBlock, RawBlock } from "../blocks.ts";
import { ClippedText } from "./text.tsx";

const LEVELS = { info: "", warning: "Warning: ", error: "Error: " } as const;

export function NoticeView({ block }: { block: NoticeBlock }) {
  return (
    <div class={`cw-note cw-note-${block.level}`}>
      {LEVELS[block.level]}
      <ClippedText text={block.text} length={1000} />
      {block.detail && (
        <div class="cw-note-detail">
          <ClippedText text={block.detail} length={2000} />
        </div>
      )}
    </div>
  );
}

export function RawView({ block }: { block: RawBlock }) {
  return (
    <details open={block.text.length < 500 && block.label === "not JSON"}>
      <summary>
        <span class="cw-label">{block.label}</span>
      </summary>
      <pre>
        <ClippedText text={block.text} length={2000} />
      </pre>
    </details>
  );
}
