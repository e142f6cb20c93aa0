/**
 * A plan that waits for approval.
 *
 * The rule: the plan is read as what it is, markdown; without approval the agent is told why.
 */

import { actionKey, allow, deny } from "../../conversation/conversation.ts";
import { describeSuggestion } from "../../conversation/suggestions.ts";
import type { RequestBlock } from "../../fold/blocks.ts";
import { asText, pretty } from "../../json.ts";
import { usePane, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { Markdown } from "../text/markdown.tsx";
import { Exact } from "./asked.tsx";
import { DecideButton, DenyLine } from "./decide.tsx";
import { useDeciding } from "./deciding.ts";

const KEEP_PLANNING = "The user wants to keep planning.";

export function PlanCard({ block }: { block: RequestBlock }) {
  const { ui } = useView().app;
  const feedback = ui.kept(actionKey("plan", usePane().executionId, block.controlId), "");
  const deciding = useDeciding(block, "plan");
  const plan = asText(block.input.plan);
  return (
    <>
      <div class="cw-ask-head">
        <span class="cw-ask-mark">Needs you</span>
        <b>A plan to approve</b>
      </div>
      <div class="cw-ask-plan">
        {plan ? <Markdown text={plan} streaming={false} /> : <Exact text={pretty(block.input)} />}
      </div>
      <div class="cw-actions">
        <DecideButton
          deciding={deciding}
          primary
          label={deciding.answering ? "Answering…" : "Approve"}
          onDecide={() => deciding.decide(allow())}
        />
        {block.suggestions.map((suggestion, index) => (
          <DecideButton
            key={index}
            deciding={deciding}
            label={`Approve, and ${inWords(suggestion)}`}
            onDecide={() => deciding.decide(allow({ updatedPermissions: [suggestion] }))}
          />
        ))}
      </div>
      <DenyLine
        deciding={deciding}
        label="Keep planning"
        primary={false}
        hint="What should be different (optional)"
        message={feedback.value}
        onType={(text) => {
          feedback.value = text;
        }}
        onDeny={() => deciding.decide(deny(feedback.value.trim() || KEEP_PLANNING))}
      />
      {deciding.problem && <ProblemAlert problem={deciding.problem} />}
    </>
  );
}

function inWords(suggestion: RequestBlock["suggestions"][number]): string {
  const { action, items, place } = describeSuggestion(suggestion);
  const text = [action, items.join(", "), place].filter(Boolean).join(" ");
  return text.charAt(0).toLowerCase() + text.slice(1);
}
