/**
 * The queue in a line: how many wait and run, why nothing is started, and what can be done about it.
 *
 * The rule: there only while there is something to say. What ends executions asks first. Seconds
 * tick for who looks; who listens hears once why it stands still.
 */
import { useSignal } from "@preact/signals";
import { formatCount, formatDuration, formatMoment, formatNumber } from "../../format.ts";
import { useNow } from "../../page/clock.ts";
import type { QueuePause, QueueState } from "../../protocol.ts";
import { changeOf, changeQueue, refusedOf } from "../../queue/ordering.ts";
import { select, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { Visible } from "../text/visible.tsx";
import { Question } from "./question.tsx";

export function QueueBar() {
  const { app } = useView();
  const queue = app.store.queue.value;
  const left = app.store.left.value;
  if (!queue || !isTold(queue, left)) return null;
  const { problem } = changeOf(app).value;
  const refused = refusedOf(app).value;
  return (
    <div
      class={`cw-queue${queue.pause ? " cw-queue-paused" : ""}`}
      role="region"
      aria-label="Queue"
    >
      <div class="cw-queue-line">
        {queue.pause && <PauseText pause={queue.pause} />}
        <span class="cw-queue-counts">{countsOf(queue)}</span>
        <QueueButtons queue={queue} />
      </div>
      {queue.pause && <PauseDetail pause={queue.pause} />}
      {queue.notices.map((notice) => (
        <p key={notice} class="cw-queue-detail" role="status">
          <Visible text={notice} as="line" />
        </p>
      ))}
      {left > 0 && <Left count={left} />}
      {problem && <ProblemAlert problem={problem} />}
      {refused && <ProblemAlert problem={refused} />}
    </div>
  );
}

const isTold = ({ pause, waiting, taken, slots }: QueueState, left: number): boolean =>
  pause !== null || waiting > 0 || left > 0 || taken > 1 || taken >= slots;

function countsOf({ waiting, onHold, taken, slots }: QueueState): string {
  const held = onHold > 0 ? ` · ${formatNumber(onHold)} on hold` : "";
  const running = `${formatNumber(taken)} of ${formatNumber(slots)} running`;
  return `${formatNumber(waiting - onHold)} waiting${held} · ${running}`;
}

const WHY: Readonly<Record<QueuePause["kind"], string>> = {
  user: "Paused",
  rate_limit: "Rate limit",
  overload: "API overloaded",
  authentication: "Not logged in",
};

/** Of some models only: the queue goes on, and what can be done is about them. */
const isPartial = (pause: QueuePause | null): boolean => (pause?.families.length ?? 0) > 0;

const whyOf = ({ kind, families }: QueuePause): string =>
  families.length === 0
    ? WHY[kind]
    : `Limit of ${families.map((name) => name.charAt(0).toUpperCase() + name.slice(1)).join(" and ")}`;

function PauseText({ pause }: { pause: QueuePause }) {
  return (
    <span class="cw-queue-pause">
      <b role="status">
        <Visible text={whyOf(pause)} as="line" />
      </b>
      {pause.until !== null && <Countdown until={pause.until} />}
    </span>
  );
}

/** Beyond an hour the time of the day says more. */
const FAR = 3600;

function Countdown({ until }: { until: number }) {
  const { store } = useView().app;
  const now = useNow(true) + store.clockOffset.value;
  const seconds = Math.ceil(until - now);
  const at = formatMoment(until - store.clockOffset.value);
  const when = seconds > 0 ? `in ${formatDuration(seconds)}` : "any moment";
  return (
    <time role="timer" dateTime={new Date(until * 1000).toISOString()} title={at}>
      {`: starts again ${when}${seconds > FAR ? `, ${at}` : ""}`}
    </time>
  );
}

function PauseDetail({ pause }: { pause: QueuePause }) {
  const view = useView();
  const { executionId, said, whatToDo, kind } = pause;
  const known = executionId !== null && view.app.store.row(executionId) !== undefined;
  const told = kind === "user" ? "New executions wait until the queue is resumed." : whatToDo;
  return (
    <p class="cw-queue-detail">
      {told}
      {said && (
        <span class="cw-queue-said" title={said}>
          {" "}
          <Visible text={said} as="line" />
        </span>
      )}
      {known && (
        <button type="button" class="cw-link" onClick={() => select(view, executionId)}>
          Show who heard it
        </button>
      )}
    </p>
  );
}

function QueueButtons({ queue }: { queue: QueueState }) {
  const { app } = useView();
  const asked = useSignal<"cancel-pending" | "kill-all" | null>(null);
  const off = useOff();
  const act = (action: "pause" | "resume" | "cancel-pending" | "kill-all") => {
    if (!off) void changeQueue(app, { action });
  };
  const ask = (action: "cancel-pending" | "kill-all") => {
    if (!off) asked.value = action;
  };
  const { pause, waiting, taken } = queue;
  return (
    <span class="cw-buttons">
      {isPartial(pause) && (
        <button type="button" class="cw-button" aria-disabled={off} onClick={() => act("pause")}>
          Pause
        </button>
      )}
      <button
        type="button"
        class={pause ? "cw-button cw-primary" : "cw-button"}
        aria-disabled={off}
        onClick={() => act(pause ? "resume" : "pause")}
      >
        {pause ? resumeName(pause) : "Pause"}
      </button>
      {waiting > 0 && (
        <button
          type="button"
          class="cw-button cw-danger"
          aria-disabled={off}
          onClick={() => ask("cancel-pending")}
        >
          Cancel pending…
        </button>
      )}
      {taken > 0 && (
        <button
          type="button"
          class="cw-button cw-danger"
          aria-disabled={off}
          onClick={() => ask("kill-all")}
        >
          Kill all…
        </button>
      )}
      {asked.value && (
        <Question
          what={asked.value === "kill-all" ? "Kill all" : "Cancel all that wait"}
          onCancel={() => {
            asked.value = null;
          }}
          onConfirm={() => asked.value && act(asked.value)}
        >
          {asked.value === "kill-all" ? killed(queue) : cancelled(queue)}
        </Question>
      )}
    </span>
  );
}

const resumeName = ({ kind }: QueuePause): string =>
  kind === "rate_limit" || kind === "overload" ? "Start anyway" : "Resume";

const killed = ({ waiting, taken }: QueueState): string =>
  `${formatCount(taken, "execution runs", "executions run")}${
    waiting > 0 ? `, ${formatNumber(waiting)} more ${waiting === 1 ? "waits" : "wait"}` : ""
  }. None is left after it; their transcripts stay.`;

const cancelled = ({ waiting }: QueueState): string =>
  `${formatCount(waiting, "execution waits and is", "executions wait and are")} never started. What runs goes on.`;

function useOff(): boolean {
  const { app } = useView();
  return changeOf(app).value.sending || app.connection.state.value === "disconnected";
}

/** What a kernel has left that is gone. */
function Left({ count }: { count: number }) {
  const { app } = useView();
  const off = useOff();
  const tried = useSignal(false);
  const resume = async () => {
    if (off) return;
    tried.value = await changeQueue(app, { action: "resume" });
  };
  const told = tried.value
    ? `${formatNumber(count)} still held: of another notebook, or with an env that only its kernel knew.`
    : `${formatCount(count, "execution")} left by an earlier kernel`;
  return (
    <div class="cw-queue-line cw-queue-left">
      <span role="status">{told}</span>
      {!tried.value && (
        <button
          type="button"
          class="cw-button"
          aria-label="Resume those left by an earlier kernel"
          aria-disabled={off}
          onClick={() => void resume()}
        >
          Resume
        </button>
      )}
    </div>
  );
}
