/**
 * Numbered lines of a file.
 *
 * The rule: the numbers are not part of what is selected and copied; highlighted by the file's name
 * when the page has time.
 */
import { useMemo } from "preact/hooks";
import { formatCount } from "../../format.ts";
import { highlightLines, languageOfPath } from "../../text/highlight.ts";
import { useKept } from "../pane/kept.tsx";
import { useHighlighted } from "../text/highlighted.ts";
import { SourceText } from "../text/source.tsx";

interface NumberedLinesProps {
  readonly lines: readonly string[];
  readonly firstLine: number;
  readonly path: string;
  /** By name, where the path does not tell. */
  readonly language?: string;
  readonly name?: string;
}

const FIRST = 60;
const STEP = 10;
const LONGEST_LINE = 2000;

export function NumberedLines({ lines, firstLine, path, ...more }: NumberedLinesProps) {
  const [most, setMost] = useKept(`lines of ${more.name ?? "file"}`, FIRST);
  const shown = useMemo(() => lines.slice(0, most).map(cutLine), [lines, most]);
  const language = more.language || languageOfPath(path);
  const spans = useHighlighted(language, () => highlightLines(shown.join("\n"), language), [shown]);
  const left = lines.length - shown.length;
  return (
    <>
      <pre class="cw-lines">
        {shown.map((text, index) => (
          <span key={index} class="cw-line" data-line={firstLine + index}>
            <SourceText text={text} spans={spans?.[index]} />
            {"\n"}
          </span>
        ))}
      </pre>
      {left > 0 && (
        <button type="button" class="cw-link" onClick={() => setMost(most * STEP)}>
          {`Show more (${formatCount(left, "more line")})`}
        </button>
      )}
    </>
  );
}

const cutLine = (line: string): string =>
  line.length > LONGEST_LINE
    ? `${line.slice(0, LONGEST_LINE)}… (${formatCount(line.length - LONGEST_LINE, "more character")})`
    : line;
