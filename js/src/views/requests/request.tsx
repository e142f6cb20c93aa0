/**
 * Something that the CLI asks: a permission, questions, the approval of a plan.
 *
 * The rule: no stray key answers; what the agent wrote is shown with its invisible characters
 * visible; a request that is over says how it ended. The card never takes the focus by itself; it
 * can have it, so that it is not lost when a button in it goes.
 */
import { useRef } from "preact/hooks";
import { actionKey } from "../../conversation/conversation.ts";
import type { RequestBlock } from "../../fold/blocks.ts";
import { visibleText } from "../../text/visible.ts";
import { usePane, useView } from "../../view.ts";
import { AnsweredRequest } from "./answered.tsx";
import { CardContext } from "./deciding.ts";
import { OtherCard } from "./other.tsx";
import { PermissionCard } from "./permission.tsx";
import { PlanCard } from "./plan.tsx";
import { QuestionsCard } from "./questions.tsx";

export function RequestView({ block }: { block: RequestBlock }) {
  const root = useRef<HTMLDivElement>(null);
  const elsewhere = useAnsweredElsewhere(block);
  const open = block.state === "open";
  return (
    <div
      ref={root}
      class={open ? "cw-ask cw-ask-open" : "cw-ask"}
      role="group"
      aria-label={labelOf(block)}
      tabIndex={-1}
    >
      <CardContext.Provider value={root}>
        {open ? <Card block={block} /> : <AnsweredRequest block={block} elsewhere={elsewhere} />}
      </CardContext.Provider>
    </div>
  );
}

export function labelOf(block: RequestBlock): string {
  const tool = visibleText(block.tool);
  switch (block.asks) {
    case "questions":
      return "Questions for you";
    case "plan":
      return "Plan to approve";
    case "permission":
      return `Permission for ${tool}`;
    case "other":
      return `Request: ${tool || visibleText(block.title) || "unknown"}`;
  }
}

const CARDS = {
  permission: PermissionCard,
  questions: QuestionsCard,
  plan: PlanCard,
  other: OtherCard,
} as const;

function Card({ block }: { block: RequestBlock }) {
  const recorded = useView().app.row(usePane().executionId)?.value.recorded === true;
  const Asked = CARDS[block.asks];
  return (
    <>
      {block.inputClipped && <p class="cw-warn">This is not all of it: it is too long.</p>}
      <Asked block={block} />
      {recorded && <p class="cw-meta">This was recorded: it takes no answer.</p>}
    </>
  );
}

/** Whether it was open here, and closed by an answer that was not given here. */
function useAnsweredElsewhere(block: RequestBlock): boolean {
  const { app } = useView();
  const key = actionKey("answer", usePane().executionId, block.controlId);
  const wasOpen = useRef(false);
  if (block.state === "open") wasOpen.current = true;
  const ended = block.state === "allowed" || block.state === "denied";
  const { sending } = app.actions.state(key).value;
  return ended && wasOpen.current && !sending && !app.ui.kept(`taken ${key}`, false).value;
}
