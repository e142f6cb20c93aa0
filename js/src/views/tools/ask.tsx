/**
 * Questions that were asked, and a plan that was proposed, as part of the story.
 *
 * The rule: read only; where they wait for an answer, their request is drawn and answered elsewhere.
 */
import { asText } from "../../json.ts";
import { readAnswers } from "../../tools/tooldata.ts";
import { Markdown } from "../text/markdown.tsx";
import { Visible } from "../text/visible.tsx";
import type { BodyProps } from "./bodies.ts";
import { LongText } from "./longtext.tsx";

export function QuestionsBody({ call }: BodyProps) {
  const answers = readAnswers(call);
  const asIs = answers.length === 0 || call.phase === "failed";
  return (
    <>
      <dl class="cw-answers">
        {answers.map(({ question, answer }, index) => (
          <div key={index}>
            <dt>
              <Visible text={question} />
            </dt>
            <dd>{answer === "" ? "(no answer)" : <Visible text={answer} />}</dd>
          </div>
        ))}
      </dl>
      {asIs && call.text !== "" && <LongText class="cw-result-text" text={call.text} />}
    </>
  );
}

export function PlanBody({ call }: BodyProps) {
  const plan = asText(call.input.plan) || asText(call.data.plan);
  return (
    <>
      {plan !== "" && <Markdown text={plan} streaming={call.phase === "streaming"} />}
      {call.phase !== "done" && call.text !== "" && (
        <LongText class="cw-result-text" text={call.text} />
      )}
    </>
  );
}
