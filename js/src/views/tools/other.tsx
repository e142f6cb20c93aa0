/**
 * Any other tool, those of MCP servers with it: what went in as a table, what came back as it is.
 *
 * The rule: nothing is known of it, so nothing is left out. Text that is JSON is drawn as a tree.
 */
import { useMemo } from "preact/hooks";
import { isObject } from "../../json.ts";
import { readMCPName } from "../../tools/toolcall.ts";
import { Ansi } from "../text/ansi.tsx";
import { Visible } from "../text/visible.tsx";
import type { BodyProps } from "./bodies.ts";
import { FieldTable } from "./fields.tsx";
import { Images } from "./images.tsx";
import { JsonTree } from "./jsontree.tsx";
import { LongText } from "./longtext.tsx";
import { TaskView } from "./task.tsx";

export function MCPBody({ call, block }: BodyProps) {
  const name = readMCPName(call.name);
  return (
    <>
      {name && (
        <div class="cw-meta">
          {"MCP server "}
          <Visible text={name.server} as="line" />
          {", tool "}
          <Visible text={name.tool} as="line" />
        </div>
      )}
      <OtherBody call={call} block={block} />
    </>
  );
}

export function OtherBody({ call, block }: BodyProps) {
  const { result } = block;
  return (
    <>
      <FieldTable fields={call.input} />
      {block.task && <TaskView task={block.task} />}
      {result && <ResultText text={call.text} failed={call.phase === "failed"} />}
      <Images images={result?.images ?? []} />
      {result && call.text === "" && result.images.length === 0 && (
        <div class="cw-meta">(no output)</div>
      )}
    </>
  );
}

/** Begins the codes of a terminal, which only what ran in one has. */
const ESCAPE = "\u001b";

function ResultText({ text, failed }: { text: string; failed: boolean }) {
  const tree = useMemo(() => readTree(text), [text]);
  if (tree !== null) return <JsonTree value={tree} />;
  const kind = failed ? "cw-result-text cw-bad" : "cw-result-text";
  if (!text.includes(ESCAPE)) return <LongText class={kind} text={text} />;
  return <LongText class={kind} text={text} draw={(part) => <Ansi text={part} />} />;
}

function readTree(text: string): object | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) || isObject(value) ? value : null;
  } catch {
    return null;
  }
}
