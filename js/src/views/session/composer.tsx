/**
 * What can be said to an execution: a follow-up, a fork, interrupt, end.
 *
 * The rule: what was typed stays until the kernel has taken it; what is wrong is said beside it;
 * what Send would do is said before it is pressed.
 */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ActionState } from "../../conversation/actions.ts";
import { actionKey } from "../../conversation/conversation.ts";
import type { Pane } from "../../pane/pane.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { isEnded } from "../../store.ts";
import { selecting, useFieldId, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";

export function Composer({ row, pane }: { row: ExecutionRow; pane: Pane }) {
  const why = whyNot(row, row.sessionId ?? pane.facts.value.sessionId);
  if (why) return <p class="cw-composer cw-meta">{why}</p>;
  if (row.status === "pending") return null;
  return (
    <div class="cw-composer" role="group" aria-label="Conversation">
      <FollowUp row={row} />
      <Problems row={row} />
    </div>
  );
}

/** Why nothing can be said to it, or empty. */
function whyNot(row: ExecutionRow, sessionId: string): string {
  if (row.recorded) return "A recorded execution takes no follow-up.";
  if (isEnded(row.status) && !sessionId) return "It ended before it had a session to go on with.";
  return "";
}

interface Following {
  readonly text: string;
  readonly fork: boolean;
  readonly sending: boolean;
  readonly off: boolean;
  /** The execution that it went on in, where that is not shown by itself. */
  readonly goesOn: string;
  change(changes: { text?: string; fork?: boolean }): void;
  send(): Promise<void>;
}

function useFollowing(executionId: string): Following {
  const view = useView();
  const { app } = view;
  const draft = app.ui.kept(actionKey("follow-up", executionId), { text: "", fork: false });
  const goesOn = app.ui.kept(actionKey("goes-on", executionId), "");
  const { sending } = app.actions.state(actionKey("send", executionId)).value;
  const { text, fork } = draft.value;
  const gone = app.connection.state.value === "disconnected";
  const off = sending || gone || text.trim() === "";
  const send = async () => {
    if (off) return;
    const show = selecting(view);
    const sentTo = await app.conversation.sendPrompt(executionId, text, fork);
    if (sentTo === null) return;
    if (draft.peek().text === text) draft.value = { text: "", fork: false };
    if (sentTo === executionId) return;
    if (app.kind === "dashboard") show(sentTo);
    else goesOn.value = sentTo;
  };
  const change = (changes: { text?: string; fork?: boolean }) => {
    draft.value = { ...draft.peek(), ...changes };
  };
  return { text, fork, sending, off, goesOn: goesOn.value, change, send };
}

function FollowUp({ row }: { row: ExecutionRow }) {
  const following = useFollowing(row.executionId);
  const { text, change, send } = following;
  const id = useFieldId();
  const field = useRef<HTMLTextAreaElement>(null);
  const { toResume } = useView().app.ui;
  const wanted = toResume.value === row.executionId;
  useLayoutEffect(() => {
    if (!wanted) return;
    toResume.value = null;
    field.current?.focus();
  }, [wanted, toResume]);
  return (
    <>
      <div class="cw-field">
        <label for={id} class="cw-unseen">
          Follow-up
        </label>
        <textarea
          ref={field}
          id={id}
          rows={2}
          aria-describedby={`${id}-what`}
          placeholder={row.awaitsInput ? "Follow-up: it waits for your input" : "Follow-up"}
          value={text}
          onInput={(event) => change({ text: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            event.stopPropagation();
            void send();
          }}
        />
      </div>
      <SendLine row={row} id={`${id}-what`} following={following} />
    </>
  );
}

interface SendLineProps {
  readonly row: ExecutionRow;
  readonly id: string;
  readonly following: Following;
}

function SendLine({ row, id, following }: SendLineProps) {
  const { fork, sending, off, goesOn, change, send } = following;
  return (
    <div class="cw-actions">
      <button
        type="button"
        class="cw-button cw-primary"
        aria-busy={sending}
        aria-disabled={off}
        title="Ctrl+Enter or Cmd+Enter"
        onClick={() => void send()}
      >
        {sending ? "Sending…" : "Send"}
      </button>
      <label class="cw-check">
        <input
          type="checkbox"
          checked={fork}
          onChange={(event) => change({ fork: event.currentTarget.checked })}
        />
        Fork
      </label>
      <span id={id} class="cw-meta">
        {goesOn ? `It goes on in execution ${goesOn}.` : whatSendDoes(row, fork)}
      </span>
      <TurnButtons row={row} />
    </div>
  );
}

function whatSendDoes(row: ExecutionRow, fork: boolean): string {
  if (fork) return "Goes on in a new session, and leaves this one as it is.";
  if (isEnded(row.status)) return "Resumes the session in a new execution.";
  if (row.awaitsInput) return "It waits for your input.";
  // With tasks in the background the turn itself may be over, which the row does not tell.
  if (row.taskCount > 0) return "Goes in at once, or when this turn is over.";
  return "Will be queued until this turn is over.";
}

function TurnButtons({ row }: { row: ExecutionRow }) {
  const { app } = useView();
  const { executionId, awaitsInput } = row;
  const interrupting = app.actions.state(actionKey("interrupt", executionId)).value;
  const ending = app.actions.state(actionKey("end", executionId)).value;
  if (row.status !== "running") return null;
  return (
    <span class="cw-turn">
      {awaitsInput && (
        <AskButton
          label={ending.sending ? "Ending…" : "End session"}
          title="It stays open for follow-ups: end it"
          action={ending}
          onPress={() => void app.conversation.end(executionId)}
        />
      )}
      {/* It stays where it is: a click that comes late must not end the session instead. */}
      <AskButton
        label={interrupting.sending ? "Interrupting…" : "Interrupt"}
        title="Stop this turn and keep the session"
        action={interrupting}
        idle={awaitsInput}
        onPress={() => void app.conversation.interrupt(executionId)}
      />
    </span>
  );
}

interface AskButtonProps {
  readonly label: string;
  readonly title: string;
  readonly action: ActionState;
  /** There is nothing to ask for. */
  readonly idle?: boolean;
  onPress(): void;
}

function AskButton({ label, title, action, idle = false, onPress }: AskButtonProps) {
  const gone = useView().app.connection.state.value === "disconnected";
  const off = idle || action.sending || gone;
  const press = () => {
    if (!off) onPress();
  };
  return (
    <button type="button" class="cw-button" title={title} aria-disabled={off} onClick={press}>
      {label}
    </button>
  );
}

function Problems({ row }: { row: ExecutionRow }) {
  const { actions } = useView().app;
  const running = row.status === "running";
  const kinds = running ? ["send", "interrupt", "end"] : ["send"];
  const states = kinds.map((kind) => actions.state(actionKey(kind, row.executionId)).value);
  return states.map(
    ({ problem }, index) => problem && <ProblemAlert key={kinds[index]} problem={problem} />,
  );
}
