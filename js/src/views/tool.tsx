/**
 * A tool call: its name, what went in, what came back.
 *
 * The rule: the command or the path is shown plain, the other fields as JSON. A later version may
 * draw a tool of its own (an edit as a diff); this is what all of them fall back to.
 */
import type { ToolBlock } from "../blocks.ts";
import { formatDuration } from "../format.ts";
import { asText, type Json, pretty } from "../json.ts";
import { ClippedText } from "./text.tsx";

const LONG_RESULT = 2000;
const LONG_INPUT = 4000;

export function ToolView({ block }: { block: ToolBlock }) {
  const { result, permission } = block;
  const missing = result === null && permission !== "denied";
  const open = missing && !block.over;
  return (
    <>
      <div class="cw-tool-head">
        <span class="cw-tool-name">{block.name}</span>
        <span class="cw-meta">{summaryOf(block.input)}</span>
        {open && permission !== "asked" && (
          <span class="cw-tag">
            {block.seconds === null ? "running" : `running ${formatDuration(block.seconds)}`}
          </span>
        )}
        {permission === "asked" && open && <span class="cw-tag">waits for permission</span>}
        {missing && block.over && <span class="cw-tag">no result</span>}
        {permission === "denied" && <span class="cw-tag cw-bad">denied</span>}
        {result?.isError && <span class="cw-tag cw-bad">error</span>}
      </div>
      <ToolInput block={block} />
      {block.denial && <div class="cw-bad">{block.denial}</div>}
      {result && result.text !== "" && (
        <pre class={result.isError ? "cw-result-text cw-bad" : "cw-result-text"}>
          <ClippedText text={result.text} length={LONG_RESULT} />
        </pre>
      )}
      {result && result.text === "" && <div class="cw-meta">(no output)</div>}
    </>
  );
}

const PLAIN = ["command", "file_path", "path", "pattern", "query", "url"] as const;

function summaryOf(input: Json | null): string {
  return input === null ? "" : asText(input.description);
}

function ToolInput({ block }: { block: ToolBlock }) {
  const text = inputText(block);
  if (text === "") return null;
  return (
    <pre class="cw-tool-input">
      <ClippedText text={text} length={LONG_INPUT} />
    </pre>
  );
}

function inputText({ input, inputText: streamed }: ToolBlock): string {
  if (input === null) return streamed;
  const { description: _, ...fields } = input;
  const main = PLAIN.find((name) => asText(fields[name]) !== "");
  const rest = Object.entries(fields).filter(([name]) => name !== main);
  const json = rest.length === 0 ? "" : pretty(Object.fromEntries(rest));
  return [main ? asText(fields[main]) : "", json].filter(Boolean).join("\n");
}
