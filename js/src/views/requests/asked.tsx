/**
 * What a permission is asked for: the input of the call, and where it would act.
 *
 * The rule: all of it can be seen before it is allowed, hidden characters too; what is clipped says
 * how much is not shown. Nothing here is an HTML string or a link.
 */

import { useState } from "preact/hooks";
import type { RequestBlock } from "../../fold/blocks.ts";
import { formatNumber } from "../../format.ts";
import { asList, asObject, asText, type Json, pretty } from "../../json.ts";
import { hunksBetween } from "../../tools/diff.ts";
import { usePane, useView } from "../../view.ts";
import { Visible } from "../text/visible.tsx";
import { Diff } from "../tools/diff.tsx";

const LONG = 20_000;
/** Of a piece that is drawn alone: fewer characters than the labels that one may have. */
const PIECE = 400;

/** Text that a person decides on: each hidden character of it is labelled, however many. */
export function Exact({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  const shown = all ? text : text.slice(0, LONG);
  const pieces: string[] = [];
  for (let at = 0; at < shown.length; at += PIECE) pieces.push(shown.slice(at, at + PIECE));
  const left = text.length - shown.length;
  return (
    <>
      <pre class="cw-code cw-exact">
        {joinPairs(pieces).map((piece, index) => (
          <Visible key={index} text={piece} />
        ))}
      </pre>
      {left > 0 && (
        <p class="cw-warn">
          {`${formatNumber(left)} more characters are not shown. `}
          <button type="button" class="cw-link" onClick={() => setAll(true)}>
            Show all
          </button>
        </p>
      )}
    </>
  );
}

/** A cut between the halves of one character would make two hidden ones of it. */
function joinPairs(pieces: readonly string[]): readonly string[] {
  const joined = [...pieces];
  for (let index = 0; index + 1 < joined.length; index += 1) {
    const [piece = "", next = ""] = [joined[index], joined[index + 1]];
    if (!/[\ud800-\udbff]$/.test(piece) || !/^[\udc00-\udfff]/.test(next)) continue;
    joined[index] = piece + next.charAt(0);
    joined[index + 1] = next.slice(1);
  }
  return joined;
}

export function AskedInput({ tool, input }: { tool: string; input: Json }) {
  switch (tool) {
    case "Bash":
      return <BashInput input={input} />;
    case "Edit":
    case "MultiEdit":
    case "Write":
      return <ChangeInput tool={tool} input={input} />;
    default:
      return <Fields input={input} />;
  }
}

function BashInput({ input }: { input: Json }) {
  const { command, description, ...rest } = input;
  if (typeof command !== "string") return <Fields input={input} />;
  return (
    <>
      <Exact text={command} />
      {typeof description === "string" && description && (
        <p class="cw-meta">
          <Visible text={description} as="line" />
        </p>
      )}
      <Fields input={rest} />
    </>
  );
}

interface Change {
  readonly before: string;
  readonly after: string;
}

function ChangeInput({ tool, input }: { tool: string; input: Json }) {
  const { file_path: path, old_string, new_string, content, edits, ...rest } = input;
  const changes =
    tool === "Write"
      ? [{ before: "", after: content }]
      : tool === "Edit"
        ? [{ before: old_string, after: new_string }]
        : asList(edits).map((edit) => {
            const { old_string: before, new_string: after } = asObject(edit);
            return { before, after };
          });
  const known = changes.filter(isChange);
  if (typeof path !== "string" || known.length === 0 || known.length < changes.length) {
    return <Fields input={input} />;
  }
  return (
    <>
      <p class="cw-ask-path">
        <Visible text={path} as="line" />
      </p>
      {known.map(({ before, after }, index) => (
        <Diff key={index} path={path} hunks={hunksBetween(before, after)} numbered={false} />
      ))}
      <Fields input={rest} />
    </>
  );
}

const isChange = (change: { before: unknown; after: unknown }): change is Change =>
  typeof change.before === "string" && typeof change.after === "string";

function Fields({ input }: { input: Json }) {
  const fields = Object.entries(input);
  if (fields.length === 0) return null;
  return (
    <dl class="cw-ask-facts">
      {fields.map(([name, value]) => (
        <div key={name}>
          <dt>
            <Visible text={name} as="line" />
          </dt>
          <dd>
            <Exact text={typeof value === "string" ? value : pretty(value)} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Where the call would act, and who makes it. */
export function AskedPlace({ block }: { block: RequestBlock }) {
  const pane = usePane();
  const row = useView().app.row(pane.executionId)?.value;
  const folder = pane.facts.value.cwd || row?.projectPath || "";
  const path = block.blockedPath;
  const agent = block.agentId || (block.parent === null ? "" : "a subagent");
  const facts: readonly (readonly [string, string])[] = [
    ["Path", path],
    ["Folder", folder],
    ["Agent", agent],
    ["Why", asText(block.why)],
  ];
  return (
    <dl class="cw-ask-facts cw-ask-place">
      {facts.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Visible text={value} as="line" />
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}
