/**
 * What is asked that is no call of a tool, such as an MCP server's question.
 *
 * The rule: the whole request is shown as it came; an answer is a JSON object, and declining is
 * always possible.
 */

import { actionKey, allow, deny } from "../../conversation/conversation.ts";
import type { RequestBlock } from "../../fold/blocks.ts";
import { parseObject } from "../../json.ts";
import { problem } from "../../problem.ts";
import { useFieldId, usePane, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { Visible } from "../text/visible.tsx";
import { AskedInput, AskedPlace } from "./asked.tsx";
import { DecideButton } from "./decide.tsx";
import { useDeciding } from "./deciding.ts";

export function OtherCard({ block }: { block: RequestBlock }) {
  const { ui } = useView().app;
  const text = ui.kept(actionKey("content", usePane().executionId, block.controlId), "{}");
  const deciding = useDeciding(block, "other");
  const id = useFieldId();
  const accept = () => {
    const updatedInput = parseObject(text.peek());
    if (updatedInput) deciding.decide(allow({ updatedInput }));
    else deciding.say(problem("This is not a JSON object.", "It was not sent."));
  };
  return (
    <>
      <div class="cw-ask-head">
        <span class="cw-ask-mark">Needs you</span>
        <b>
          <Visible text={block.title || "A request"} as="line" />
        </b>
        {block.tool && (
          <span class="cw-tag">
            <Visible text={block.tool} as="line" />
          </span>
        )}
      </div>
      <AskedInput tool="" input={block.input} />
      <AskedPlace block={block} />
      <div class="cw-field">
        <label for={id}>Answer (JSON)</label>
        <textarea
          id={id}
          class="cw-code-field"
          rows={3}
          spellcheck={false}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
      </div>
      <div class="cw-actions">
        <DecideButton
          deciding={deciding}
          label={deciding.answering ? "Answering…" : "Accept"}
          onDecide={accept}
        />
        <DecideButton
          deciding={deciding}
          label="Decline"
          onDecide={() => deciding.decide(deny(""))}
        />
      </div>
      {deciding.problem && <ProblemAlert problem={deciding.problem} />}
    </>
  );
}
