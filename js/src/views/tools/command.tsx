/**
 * A command: as it was given, and what it printed.
 *
 * The rule: nothing in the command hides; the colours of the output are those of a terminal. How it
 * ended is in the line above.
 */
import { asText } from "../../json.ts";
import { readCommandResult } from "../../tools/tooldata.ts";
import { Ansi } from "../text/ansi.tsx";
import { Visible } from "../text/visible.tsx";
import type { BodyProps } from "./bodies.ts";
import { FullText } from "./fulltext.tsx";
import { Images } from "./images.tsx";
import { LongText } from "./longtext.tsx";
import { TaskView } from "./task.tsx";

export function CommandBody({ call, block }: BodyProps) {
  const { input } = call;
  const description = asText(input.description);
  return (
    <>
      {description !== "" && (
        <div class="cw-meta">
          <Visible text={description} as="line" />
        </div>
      )}
      <FullText name="command" text={asText(input.command)} />
      {input.dangerouslyDisableSandbox === true && (
        <div class="cw-tool-warning">It asked to run outside of the sandbox.</div>
      )}
      {block.task && <TaskView task={block.task} />}
      {block.result && <Output call={call} block={block} />}
    </>
  );
}

function Output({ call, block }: BodyProps) {
  const { stdout, stderr } = readCommandResult(call);
  const images = block.result?.images ?? [];
  const silent = stdout === "" && stderr === "" && images.length === 0;
  return (
    <>
      {stdout !== "" && <Printed name="stdout" text={stdout} />}
      {stderr !== "" && (
        <>
          <span class="cw-label">stderr</span>
          <Printed name="stderr" text={stderr} />
        </>
      )}
      <Images images={images} />
      {silent && <div class="cw-meta">(no output)</div>}
    </>
  );
}

function Printed({ name, text }: { name: string; text: string }) {
  return (
    <LongText
      name={name}
      class="cw-result-text"
      text={text}
      draw={(part) => <Ansi text={part} />}
    />
  );
}
