/**
 * A request that is over: one quiet line that says how it ended.
 *
 * The rule: what was decided, by whom where that is recorded, and what was said with it.
 */

import { deciderText } from "../../conversation/deciders.ts";
import { describeSuggestion } from "../../conversation/suggestions.ts";
import type { RequestAnswer, RequestBlock } from "../../fold/blocks.ts";
import { asObject, asText, pretty } from "../../json.ts";
import { Visible } from "../text/visible.tsx";

interface AnsweredProps {
  readonly block: RequestBlock;
  /** It was open here when somebody else answered. */
  readonly elsewhere: boolean;
}

export function AnsweredRequest({ block, elsewhere }: AnsweredProps) {
  const { answer } = block;
  return (
    <div class="cw-ask-over">
      {elsewhere && <b>Answered elsewhere: </b>}
      <span>{outcomeOf(block)}</span> <Visible text={subjectOf(block)} as="line" />
      {answer && <AnswerDetails block={block} answer={answer} />}
    </div>
  );
}

function outcomeOf({ state, asks }: RequestBlock): string {
  switch (state) {
    case "open":
      return "Asks for";
    case "allowed":
      return asks === "questions" ? "Answered" : asks === "plan" ? "Approved" : "Allowed";
    case "denied":
      return asks === "questions" ? "Declined" : asks === "plan" ? "Not approved" : "Denied";
    case "cancelled":
      return "Taken back by the CLI:";
    case "over":
      return "Ended without an answer:";
  }
}

function subjectOf({ asks, tool, title }: RequestBlock): string {
  if (asks === "questions") return "the questions";
  return asks === "plan" ? "the plan" : tool || title;
}

function AnswerDetails({ block, answer }: { block: RequestBlock; answer: RequestAnswer }) {
  const by = answer.by === "page" ? "" : deciderText(answer.by);
  const changed = block.asks === "permission" && answer.input !== null;
  return (
    <>
      {by && <span class="cw-meta"> {by}</span>}
      {answer.permissions.length > 0 && (
        <span class="cw-meta"> · {answer.permissions.map(always).join("; ")}</span>
      )}
      {answer.message && (
        <div class="cw-ask-said">
          <Visible text={answer.message} as="prose" />
        </div>
      )}
      {block.asks === "questions" && <Answers input={asObject(answer.input)} />}
      {changed && (
        <details>
          <summary>with changed input</summary>
          <pre class="cw-code">
            <Visible text={pretty(answer.input)} />
          </pre>
        </details>
      )}
    </>
  );
}

function always(permission: RequestAnswer["permissions"][number]): string {
  const { action, items, place } = describeSuggestion(permission);
  return [action, items.join(", "), place].filter(Boolean).join(" ");
}

function Answers({ input }: { input: Readonly<Record<string, unknown>> }) {
  const answers = Object.entries(asObject(input.answers));
  if (answers.length === 0) return null;
  return (
    <dl class="cw-ask-facts">
      {answers.map(([question, answer]) => (
        <div key={question}>
          <dt>
            <Visible text={question} as="line" />
          </dt>
          <dd>
            <Visible text={asText(answer) || pretty(answer)} as="prose" />
          </dd>
        </div>
      ))}
    </dl>
  );
}
