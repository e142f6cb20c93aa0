/**
 * What an execution has changed in its worktree, or when it was recorded, and what is to become of it.
 *
 * The rule: what is drawn is what the kernel has said last. It may be looked at while the execution
 * runs, and decided on once it has ended; each button says what it does, and Discard asks.
 */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { formatCount, formatMoment, formatNumber } from "../../format.ts";
import {
  askDiff,
  diffKey,
  diffOf,
  drawDiff,
  type SettleAction,
  settle,
  settleKey,
} from "../../pane/worktree.ts";
import type { DiffAnswer, ExecutionRow } from "../../protocol.ts";
import { isEnded } from "../../store.ts";
import { readUnified } from "../../tools/unified.ts";
import { useFieldId, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { Question } from "../queue/question.tsx";
import { Visible } from "../text/visible.tsx";
import { ChangedFiles } from "./changedfiles.tsx";

export function Changes({ executionId }: { executionId: string }) {
  const { app } = useView();
  const row = app.row(executionId)?.value;
  const told = diffOf(app, executionId).value;
  const { sending, problem } = app.actions.state(diffKey(executionId)).value;
  const away = app.connection.state.value === "disconnected";
  const askedAt = useRef<string | null>(null);
  const status = row?.status ?? "";
  useEffect(() => drawDiff(app, executionId), [app, executionId]);
  useEffect(() => {
    if (away) askedAt.current = null;
    if (away || sending || askedAt.current === status) return;
    askedAt.current = status;
    void askDiff(app, executionId);
  }, [app, executionId, status, away, sending]);
  const live = row !== undefined && !isEnded(row.status);
  return (
    <section class="cw-changes" aria-label="Changes">
      <div class="cw-changes-head">
        <p role="status">{told ? <StateText told={told} live={live} /> : sending && "Reading…"}</p>
        <button
          type="button"
          class="cw-button"
          aria-disabled={away || sending}
          onClick={() => !away && void askDiff(app, executionId)}
        >
          {sending && told ? "Reading…" : "Refresh"}
        </button>
      </div>
      {problem && <ProblemAlert problem={problem} />}
      {told && <Told told={told} row={row} live={live} />}
    </section>
  );
}

interface ToldProps {
  readonly told: DiffAnswer;
  readonly row: ExecutionRow | undefined;
  readonly live: boolean;
}

function Told({ told, row, live }: ToldProps) {
  const hunks = useMemo(() => readUnified(told.text), [told.text]);
  return (
    <>
      {told.recorded ? (
        <p class="cw-meta">As recorded: nothing ran, and there is no worktree.</p>
      ) : (
        <p class="cw-meta">
          Branch <Name text={told.branch} /> from <Name text={told.base.slice(0, 12)} />
          {told.commits > 0 && ` · ${formatCount(told.commits, "commit")} by the agent`}
        </p>
      )}
      {told.notes.map((note) => (
        <p key={note} class="cw-hint">
          <Visible text={note} as="line" />
        </p>
      ))}
      {row && (told.path !== "" || told.mayApply) && (
        <Decide told={told} executionId={row.executionId} live={live} />
      )}
      <ChangedFiles told={told} hunks={hunks} />
    </>
  );
}

const Name = ({ text }: { text: string }) => (
  <code>
    <Visible text={text} as="line" />
  </code>
);

function StateText({ told, live }: { told: DiffAnswer; live: boolean }) {
  const { state, recorded, fileCount, added, removed, branch, appliedTime } = told;
  const lines = `+${formatNumber(added)} −${formatNumber(removed)}`;
  const counts = `${formatCount(fileCount, "file")} changed, ${lines}`;
  if (recorded) {
    if (state === "clean") return <>No changes are recorded.</>;
    return <>{state === "applied" ? `The project has these changes: ${counts}` : counts}</>;
  }
  if (state === "clean") return <>{live ? "Nothing has changed yet." : "Nothing has changed."}</>;
  if (state === "discarded") return <>Discarded: the changes and their branch are gone.</>;
  if (state === "removed") return <>The worktree was removed by somebody else.</>;
  if (state === "kept") {
    return (
      <>
        Kept: the changes are on the branch <Name text={branch} />, and the worktree is gone.{" "}
        <Name text={`git merge ${branch}`} /> takes them over.
      </>
    );
  }
  const when = appliedTime === null ? "" : ` ${formatMoment(appliedTime)}`;
  return (
    <>
      {state === "applied" && `Applied to the project${when}, and still in the worktree. `}
      {counts}
    </>
  );
}

interface Choice {
  readonly action: SettleAction;
  readonly name: string;
  readonly does: string;
}

const CHOICES: readonly Choice[] = [
  {
    action: "apply",
    name: "Apply to project",
    does: "Makes these changes in the project's files: all or none. Nothing is committed.",
  },
  {
    action: "keep-branch",
    name: "Keep branch",
    does: "Commits them to the branch, and removes the worktree. The project stays as it is.",
  },
  {
    action: "discard",
    name: "Discard…",
    does: "Removes the worktree and its branch, with all changes.",
  },
];

/** Of what was recorded: as `apply_changes=True` does it. */
const MAKE: Choice = {
  action: "apply",
  name: "Apply to project",
  does: "Makes the recorded changes in the project's files, as apply_changes=True does: all or none.",
};

interface DecideProps {
  readonly told: DiffAnswer;
  readonly executionId: string;
  readonly live: boolean;
}

function Decide({ told, executionId, live }: DecideProps) {
  const { app } = useView();
  const asks = useSignal(false);
  const pressed = useSignal<SettleAction | null>(null);
  const { sending, problem } = app.actions.state(settleKey(executionId)).value;
  const made = told.recorded && told.state === "applied";
  const off = live || sending || made || app.connection.state.value === "disconnected";
  const decide = (action: SettleAction) => {
    pressed.value = action;
    void settle(app, executionId, action);
  };
  const choices = told.recorded
    ? [MAKE]
    : CHOICES.filter(({ action }) => action === "discard" || told.state !== "clean");
  return (
    <div class="cw-changes-choices" role="group" aria-label="What becomes of the changes">
      {choices.map((choice) => (
        <ChoiceButton
          key={choice.action}
          choice={choice}
          off={off}
          busy={sending && pressed.value === choice.action}
          onPress={() => {
            if (choice.action === "discard") asks.value = true;
            else decide(choice.action);
          }}
        />
      ))}
      {live && <p class="cw-hint">It still runs: they can be pressed once it has ended.</p>}
      {problem && <ProblemText message={problem.message} hint={problem.hint} />}
      {asks.value && (
        <Question
          what="Discard these changes"
          onCancel={() => {
            asks.value = false;
          }}
          onConfirm={() => decide("discard")}
        >
          {lost(told)}
        </Question>
      )}
    </div>
  );
}

function lost({ fileCount, commits, branch }: DiffAnswer): string {
  const parts = [fileCount > 0 && `changes to ${formatCount(fileCount, "file")}`];
  parts.push(commits > 0 && formatCount(commits, "commit"));
  const what = parts.filter(Boolean).join(" and ") || "nothing that git would see";
  return `The branch ${branch} and its worktree are removed, with ${what}. This cannot be undone.`;
}

interface ChoiceButtonProps {
  readonly choice: Choice;
  readonly off: boolean;
  readonly busy: boolean;
  readonly onPress: () => void;
}

function ChoiceButton({ choice, off, busy, onPress }: ChoiceButtonProps) {
  const id = useFieldId();
  const danger = choice.action === "discard";
  return (
    <div class="cw-changes-choice">
      <button
        type="button"
        class={danger ? "cw-button cw-danger" : "cw-button"}
        aria-disabled={off}
        aria-busy={busy}
        aria-describedby={id}
        onClick={() => !off && onPress()}
      >
        {choice.name}
      </button>
      <span class="cw-hint" id={id}>
        {choice.does}
      </span>
    </div>
  );
}

/** Names of files are in it: what hides in them is shown. */
export function ProblemText({ message, hint }: { message: string; hint: string }) {
  return (
    <div class="cw-problem" role="alert">
      <Visible text={message.trim()} />
      {hint && (
        <div class="cw-hint">
          <Visible text={hint} />
        </div>
      )}
    </div>
  );
}
