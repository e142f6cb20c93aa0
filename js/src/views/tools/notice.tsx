/**
 * Notices, and what was not understood.
 *
 * The rule: one quiet line each, which counts down where there is something to wait for, by the
 * kernel's clock; the raw text of the latter is folded unless it is short.
 */
import type { NoticeBlock, RawBlock } from "../../fold/blocks.ts";
import { formatDuration } from "../../format.ts";
import { useNow } from "../../page/clock.ts";
import { errorText } from "../../tools/errortext.ts";
import { useView } from "../../view.ts";
import { OPEN, useKept } from "../pane/kept.tsx";
import { ClippedText } from "../text/text.tsx";
import { Elided } from "./longtext.tsx";

const LEVELS = { info: "", warning: "Warning: ", error: "Error: " } as const;

export function NoticeView({ block: { level, text, detail, until } }: { block: NoticeBlock }) {
  const said = level === "error" ? errorText(text) : text;
  const prefix = said.startsWith("API error") || said.startsWith("Error") ? "" : LEVELS[level];
  return (
    <div class={`cw-note cw-note-${level}`}>
      {prefix}
      <ClippedText text={said} length={1000} />
      {until !== null && <Countdown until={until} />}
      {detail && (
        <div class="cw-note-detail">
          <ClippedText text={detail} length={2000} />
        </div>
      )}
    </div>
  );
}

function Countdown({ until }: { until: number }) {
  const offset = useView().app.store.clockOffset.value;
  const counting = until > Date.now() / 1000 + offset;
  const left = until - offset - useNow(counting);
  if (left <= 0) return null;
  return <time role="timer" aria-live="off">{` (${formatDuration(Math.ceil(left))} left)`}</time>;
}

const SHORT = 500;

export function RawView({ block }: { block: RawBlock }) {
  const [open, setOpen] = useKept(OPEN, block.text.length < SHORT && block.label === "not JSON");
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="cw-label">{block.label}</span>
      </summary>
      {open && (
        <pre>
          <ClippedText text={block.text} length={2000} />
        </pre>
      )}
      {open && <Elided left={block.elided} />}
    </details>
  );
}
