/**
 * What a search in files has found: by file, or only the files.
 *
 * The rule: the pattern of an agent is never run here, it could stop the page; where it is plain
 * text, what it stands for is marked.
 */
import { useMemo } from "preact/hooks";
import { formatCount } from "../../format.ts";
import { asText } from "../../json.ts";
import type { Span } from "../../tools/diff.ts";
import { type FoundFile, type FoundLine, readMatches, readPaths } from "../../tools/matches.ts";
import { relativePath } from "../../tools/toolcall.ts";
import { Limited } from "../text/limited.tsx";
import { SourceText } from "../text/source.tsx";
import { Visible } from "../text/visible.tsx";
import type { BodyProps } from "./bodies.ts";
import { FieldTable } from "./fields.tsx";
import { LongText } from "./longtext.tsx";

const FILES_AT_FIRST = 50;
const LINES_AT_FIRST = 20;

export function GrepBody({ call }: BodyProps) {
  const { input, text, phase, cwd, data } = call;
  const found = useMemo(() => readMatches(call), [text, data, phase]);
  const { pattern: _pattern, path: _path, output_mode: _mode, "-n": _numbers, ...options } = input;
  if (phase !== "done") {
    return text === "" ? <FieldTable fields={input} /> : <LongText text={text} class="cw-bad" />;
  }
  return (
    <>
      <FieldTable fields={options} />
      {found.length === 0 && <LongText class="cw-result-text" text={text || "(no output)"} />}
      <Limited
        count={found.length}
        most={FILES_AT_FIRST}
        what="files"
        box={(button) => <div>{button}</div>}
        draw={(index) => {
          const file = found[index];
          const pattern = asText(input.pattern);
          return file && <FileMatches key={index} file={file} pattern={pattern} cwd={cwd} />;
        }}
      />
    </>
  );
}

interface FileMatchesProps {
  readonly file: FoundFile;
  readonly pattern: string;
  readonly cwd: string;
}

function FileMatches({ file, pattern, cwd }: FileMatchesProps) {
  const { path, lines, count } = file;
  return (
    <div class="cw-found">
      {path !== "" && (
        <div class="cw-tool-path">
          <Visible text={relativePath(path, cwd)} as="line" />
          {count !== null && (
            <span class="cw-meta">{` ${formatCount(count, "match", "matches")}`}</span>
          )}
        </div>
      )}
      {lines.length > 0 && (
        <pre class="cw-lines">
          <Limited
            count={lines.length}
            most={LINES_AT_FIRST}
            what="lines"
            box={(button) => button}
            draw={(index) => {
              const line = lines[index];
              return line && <MatchLine key={index} line={line} pattern={pattern} />;
            }}
          />
        </pre>
      )}
    </div>
  );
}

const LONGEST_LINE = 1000;

function MatchLine({ line, pattern }: { line: FoundLine; pattern: string }) {
  const text = line.text.slice(0, LONGEST_LINE);
  const marks = line.isMatch ? findPlain(text, pattern) : [];
  return (
    <span class={line.isMatch ? "cw-line" : "cw-line cw-beside"} data-line={line.number ?? ""}>
      <SourceText text={text} marks={marks} />
      {line.text.length > LONGEST_LINE && "…"}
      {"\n"}
    </span>
  );
}

/** Where the pattern stands, if it has no sign that means something else to a search. */
function findPlain(text: string, pattern: string): Span[] {
  if (pattern === "" || /[\\^$.|?*+()[\]{}]/.test(pattern)) return [];
  const spans: Span[] = [];
  for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + pattern.length)) {
    spans.push([at, at + pattern.length]);
  }
  return spans;
}

export function GlobBody({ call }: BodyProps) {
  const { text, data, phase, cwd, input } = call;
  const paths = useMemo(() => (phase === "done" ? readPaths(call) : []), [text, data, phase]);
  const { pattern: _, ...options } = input;
  return (
    <>
      <FieldTable fields={options} />
      {paths.length === 0 && text !== "" && <LongText class="cw-result-text" text={text} />}
      {paths.length > 0 && (
        <ul class="cw-paths">
          <Limited
            count={paths.length}
            most={FILES_AT_FIRST}
            what="files"
            box={(button) => <li>{button}</li>}
            draw={(index) => (
              <li key={index}>
                <Visible text={relativePath(paths[index] ?? "", cwd)} as="line" />
              </li>
            )}
          />
        </ul>
      )}
      {data.truncated === true && <div class="cw-meta">There are more than it has listed.</div>}
    </>
  );
}
