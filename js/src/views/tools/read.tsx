/**
 * What was read of a file: its lines, its image, the cells of a notebook.
 *
 * The rule: text is drawn as source, never as what it could mean.
 */
import { asList, asObject, asText, type Json } from "../../json.ts";
import { readFileText } from "../../tools/tooldata.ts";
import { Ansi } from "../text/ansi.tsx";
import { Code } from "../text/code.tsx";
import type { BodyProps } from "./bodies.ts";
import { FullText } from "./fulltext.tsx";
import { Images } from "./images.tsx";
import { NumberedLines } from "./lines.tsx";
import { LongText } from "./longtext.tsx";

export function ReadBody({ call, block }: BodyProps) {
  const path = asText(call.input.file_path);
  const images = block.result?.images ?? [];
  const read = call.phase === "failed" ? null : readFileText(call);
  const text = images.length === 0 || call.phase === "failed" ? call.text : "";
  const isNotebook = call.data.type === "notebook";
  return (
    <>
      <FullText text={path} name="path" />
      <Images images={images} />
      {isNotebook && <Cells cells={asList(asObject(call.data.file).cells)} />}
      {read && <NumberedLines lines={read.lines} firstLine={read.firstLine} path={path} />}
      {!read && !isNotebook && text !== "" && <LongText class="cw-result-text" text={text} />}
    </>
  );
}

const MOST_CELLS = 50;

function Cells({ cells }: { cells: readonly unknown[] }) {
  return (
    <>
      {cells.slice(0, MOST_CELLS).map((cell, index) => (
        <Cell key={index} cell={asObject(cell)} index={index} />
      ))}
      {cells.length > MOST_CELLS && (
        <div class="cw-meta">{`${cells.length - MOST_CELLS} more cells are not shown.`}</div>
      )}
    </>
  );
}

function Cell({ cell, index }: { cell: Json; index: number }) {
  const kind = asText(cell.cellType) || "cell";
  const language = kind === "code" ? asText(cell.language) || "python" : kind;
  const outputs = asList(cell.outputs).map(asObject);
  return (
    <div class="cw-cell">
      <span class="cw-label">{`${index + 1}: ${kind}`}</span>
      <Code text={asText(cell.source)} language={language} />
      {outputs.map((output, number) => (
        <LongText
          key={number}
          name={`output ${index} ${number}`}
          class="cw-result-text"
          text={asText(output.text)}
          draw={(part) => <Ansi text={part} />}
        />
      ))}
    </div>
  );
}
