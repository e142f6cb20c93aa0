/**
 * Which executions of a comparison have changed files, and Promote.
 *
 * The rule: what is drawn is what the kernel has said last. One is promoted, all of it or nothing,
 * once all are over; the best one's button is the primary one. A diff is asked for when it is opened.
 */
import { type Signal, useSignal } from "@preact/signals";
import { useState } from "preact/hooks";
import { actionKey } from "../../conversation/conversation.ts";
import { formatCount, formatNumber } from "../../format.ts";
import type { Promotion, PromotionChoice } from "../../protocol.ts";
import { useFieldId, useView } from "../../view.ts";
import { StatusBadge } from "../list/status.tsx";
import { Changes, ProblemText } from "../pane/changes.tsx";
import { Visible } from "../text/visible.tsx";

const PROMOTE = actionKey("promote", "");

export function Promotions() {
  const told = useView().app.promotion.value;
  return told ? <Told told={told} /> : null;
}

function Told({ told }: { told: Promotion }) {
  const pressed = useSignal("");
  return (
    <section class="cw-promotions" aria-label="Promote">
      <p class="cw-hint" role="status">
        {stateText(told)}
      </p>
      {told.choices.length > 0 && (
        <ol>
          {told.choices.map((choice) => (
            <Choice key={choice.executionId} told={told} choice={choice} pressed={pressed} />
          ))}
        </ol>
      )}
    </section>
  );
}

function stateText({ waiting, choices, promotedId }: Promotion): string {
  if (promotedId) return "Promoted: its changes are in the project's files.";
  if (waiting > 0) {
    const are = waiting === 1 ? "One is" : `${formatNumber(waiting)} are`;
    return `${are} not over yet. What has changed files can be promoted once all are.`;
  }
  if (choices.length === 0) return "There is nothing to promote: no file was changed.";
  return "Promote makes the changes of one of them in the project's files: all or none. Nothing is committed.";
}

interface ChoiceProps {
  readonly told: Promotion;
  readonly choice: PromotionChoice;
  /** The execution whose button was pressed last: what was refused is said beside it. */
  readonly pressed: Signal<string>;
}

function Choice({ told, choice, pressed }: ChoiceProps) {
  const { problem } = useView().app.actions.state(PROMOTE).value;
  const [open, setOpen] = useState(false);
  const id = useFieldId();
  const { executionId, label, status, rank, score } = choice;
  const promoted = executionId === told.promotedId;
  return (
    <li>
      <div class="cw-promotion">
        <b class="cw-promotion-name">
          {rank !== null && `${rank}. `}
          <Visible text={label} as="line" />
        </b>
        {status !== "completed" && <StatusBadge status={status} />}
        {promoted && <span class="cw-tag">promoted</span>}
        <span class="cw-meta">
          {[score && `score ${score}`, sizeText(choice)].filter(Boolean).join(" · ")}
        </span>
        <span class="cw-buttons">
          <button
            type="button"
            class="cw-button"
            aria-expanded={open}
            aria-controls={open ? id : undefined}
            aria-label={`${open ? "Hide changes" : "Changes"} of ${label}`}
            onClick={() => setOpen(!open)}
          >
            {open ? "Hide changes" : "Changes"}
          </button>
          {!told.promotedId && <PromoteButton told={told} choice={choice} pressed={pressed} />}
        </span>
      </div>
      {problem && pressed.value === executionId && (
        <ProblemText message={problem.message} hint={problem.hint} />
      )}
      {open && (
        <div id={id}>
          <Changes executionId={executionId} />
        </div>
      )}
    </li>
  );
}

const sizeText = ({ fileCount, added, removed }: PromotionChoice): string =>
  `${formatCount(fileCount, "file")}, +${formatNumber(added)} −${formatNumber(removed)}`;

function PromoteButton({ told, choice, pressed }: ChoiceProps) {
  const { app } = useView();
  const { sending } = app.actions.state(PROMOTE).value;
  const off = sending || told.waiting > 0 || app.connection.state.value === "disconnected";
  const { executionId, label, rank } = choice;
  const { comparisonId } = told;
  const promote = () => {
    pressed.value = executionId;
    void app.actions.ask(PROMOTE, { type: "claude:promote-execution", comparisonId, executionId });
  };
  return (
    <button
      type="button"
      class={rank === 1 ? "cw-button cw-primary" : "cw-button"}
      aria-disabled={off}
      aria-busy={sending && pressed.value === executionId}
      aria-label={`Promote ${label}`}
      onClick={() => !off && promote()}
    >
      Promote
    </button>
  );
}
