/**
 * A change to a file, as a diff; a file that is new, as its lines.
 *
 * The rule: what has been changed once that is known, before that what would be. Text that is still
 * on its way is not compared.
 */
import { useMemo } from "preact/hooks";
import { asList, asObject, asText, type Json } from "../../json.ts";
import { splitLines } from "../../tools/diff.ts";
import { editOf } from "../../tools/edits.ts";
import type { Call } from "../../tools/toolcall.ts";
import { Visible } from "../text/visible.tsx";
import type { BodyProps } from "./bodies.ts";
import { Diff } from "./diff.tsx";
import { FullText } from "./fulltext.tsx";
import { NumberedLines } from "./lines.tsx";
import { LongText } from "./longtext.tsx";

export function EditBody({ call, block }: BodyProps) {
  if (call.phase === "streaming") return <Arriving text={arriving(call)} />;
  return (
    <>
      <EditHead call={call} />
      <EditDiff call={call} />
      {block.result?.isError && <LongText class="cw-result-text cw-bad" text={call.text} />}
    </>
  );
}

export function WriteBody({ call, block }: BodyProps) {
  const { phase, data, input } = call;
  const content = asText(input.content) || asText(data.content);
  const lines = useMemo(() => splitLines(content), [content]);
  if (phase === "streaming") return <Arriving text={content} />;
  const isUpdate = data.type === "update" || typeof data.originalFile === "string";
  if (isUpdate) return <EditBody call={call} block={block} />;
  return (
    <>
      <EditHead call={call} />
      <NumberedLines lines={lines} firstLine={1} path={asText(input.file_path)} />
      {block.result?.isError && <LongText class="cw-result-text cw-bad" text={call.text} />}
    </>
  );
}

function EditHead({ call: { input, data } }: { call: Call }) {
  const cell = [
    asText(data.edit_mode ?? input.edit_mode),
    asText(data.cell_type ?? input.cell_type),
  ];
  const id = asText(data.cell_id ?? input.cell_id);
  const facts = [
    data.type === "create" && "new file",
    ...cell,
    id !== "" && `cell ${id}`,
    (data.replaceAll ?? input.replace_all) === true && "all occurrences",
    data.userModified === true && "changed by the user before it was made",
    data.staged === true && "held for review: the file is unchanged",
  ].filter(Boolean);
  return (
    <>
      <FullText text={asText(input.file_path) || asText(input.notebook_path)} name="path" />
      {facts.length > 0 && (
        <div class="cw-meta">
          <Visible text={facts.join(" · ")} as="line" />
        </div>
      )}
    </>
  );
}

function EditDiff({ call: { name, input, data } }: { call: Call }) {
  const edit = useMemo(() => editOf(name, input, data), [name, input, data]);
  if (!edit) return null;
  const { path, hunks, numbered } = edit;
  return (
    <Diff path={path} hunks={hunks} numbered={numbered} language={cellLanguage(input, data)} />
  );
}

/** Of the cell of a notebook; empty where the path tells. */
function cellLanguage(input: Json, data: Json): string {
  if (asText(input.notebook_path) === "") return "";
  const kind = asText(data.cell_type ?? input.cell_type);
  return kind === "markdown" ? kind : asText(data.language) || "python";
}

const Arriving = ({ text }: { text: string }) =>
  text === "" ? null : <LongText name="arriving" class="cw-tool-input" text={text} />;

function arriving({ input }: Call): string {
  const edits = Array.isArray(input.edits) ? asList(input.edits).map(asObject) : [input];
  const last = edits.at(-1) ?? {};
  return asText(last.new_string) || asText(last.new_source) || asText(last.old_string);
}
