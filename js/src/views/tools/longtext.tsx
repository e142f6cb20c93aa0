/**
 * Text of a tool, as much of it as somebody may read at first.
 *
 * The rule: cut at lines; what is left out is counted, and more of it is one click away. What the
 * page never got is said, with where to find it.
 */
import type { ComponentChildren } from "preact";
import { formatCount } from "../../format.ts";
import { useKept } from "../pane/kept.tsx";
import { Visible } from "../text/visible.tsx";

interface LongTextProps {
  readonly text: string;
  readonly class?: string;
  /** Of the part that is shown; as it is, with what hides made visible, without it. */
  readonly draw?: (part: string) => ComponentChildren;
  /** Names it among the texts of its block, so that "more" is remembered. */
  readonly name?: string;
}

const FIRST_LINES = 40;
const LINES_PER_CHARACTER = 1 / 100;
const STEP = 10;

export function LongText({ text, class: kind = "", draw, name = "text" }: LongTextProps) {
  const [lines, setLines] = useKept(`lines of ${name}`, FIRST_LINES);
  if (text === "") return null;
  const end = endOfLines(text, lines);
  const left = text.length - end;
  const part = text.slice(0, end);
  return (
    <>
      <pre class={kind || undefined}>{draw ? draw(part) : <Visible text={part} />}</pre>
      {left > 0 && (
        <button type="button" class="cw-link" onClick={() => setLines(lines * STEP)}>
          {`Show more (${formatCount(left, "more character")})`}
        </button>
      )}
    </>
  );
}

/** Where so many lines end; sooner where they are long. */
function endOfLines(text: string, lines: number): number {
  const most = lines / LINES_PER_CHARACTER;
  let end = 0;
  for (let count = 0; count < lines; count++) {
    const next = text.indexOf("\n", end);
    if (next < 0) end = text.length;
    if (next < 0 || next >= most) break;
    end = next + 1;
  }
  if (end === 0 || end > most) end = Math.min(most, text.length);
  // A little more is shorter than the button.
  if (text.length - end <= most / 20) return text.length;
  return isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end;
}

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code < 0xdc00;

/** Characters that the block does not have. */
export function Elided({ left }: { left: number }) {
  if (left === 0) return null;
  const count = formatCount(left, "more character");
  return (
    <div class="cw-meta">{`${count} are not kept here: the tab “Raw frames” has all of them.`}</div>
  );
}
