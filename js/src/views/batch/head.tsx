/**
 * How far a batch is: its bar, its cost, when it may be over, and what can be done about it.
 *
 * The rule: what ends or starts executions asks first.
 */
import { useSignal } from "@preact/signals";
import {
  askingText,
  costText,
  doneOf,
  killText,
  knownOf,
  leftText,
  likelyText,
  overText,
  progressText,
  retryText,
} from "../../batch/figures.ts";
import { openKey } from "../../batch/opening.ts";
import { actionKey } from "../../conversation/conversation.ts";
import { formatNumber } from "../../format.ts";
import { useNow } from "../../page/clock.ts";
import type { BatchProgress } from "../../protocol.ts";
import { useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { Question } from "../queue/question.tsx";
import { Visible } from "../text/visible.tsx";
import { Asking } from "./asking.tsx";
import { Bar } from "./bar.tsx";

export function BatchHead({ progress }: { progress: BatchProgress }) {
  const { app, selected } = useView();
  const { name, total, stopped, paused, left, basis } = progress;
  const keys = [actionKey("batch", ""), openKey(selected.value ?? "")];
  const problems = keys.map((key) => app.actions.state(key).value.problem);
  return (
    <div class="cw-batch-head">
      <div class="cw-batch-line">
        <b class="cw-batch-name">{name ? <Visible text={name} as="line" /> : "Batch"}</b>
        <span class="cw-batch-done">
          {formatNumber(doneOf(progress))} of {total === null ? "?" : formatNumber(total)} rows
        </span>
        <Buttons progress={progress} />
      </div>
      <Bar
        counts={progress}
        all={knownOf(progress)}
        total={progress.total}
        label="Rows that have ended"
        said={progressText(progress)}
      />
      <div class="cw-batch-line cw-batch-figures">
        <span
          class={overText(progress.costUsd, progress.budgetUsd) ? "cw-bad" : undefined}
          title="An estimate by list prices; further attempts and what runs are in it"
        >
          {costText(progress)}
        </span>
        {!paused && <Remaining progress={progress} />}
      </div>
      <Likely said={likelyText(progress)} />
      <Asking asking={progress.asking} ids={progress.askingIds} said={askingText(progress)} />
      {paused && <p class="cw-batch-note" role="status">{`Nothing is started: ${basis}`}</p>}
      {left && (
        <p class="cw-batch-note" role="status">
          Rows wait: whoever would have started them is gone.
        </p>
      )}
      {stopped && (
        <p class="cw-batch-note" role="status">
          <Visible text={stopped} as="line" />
        </p>
      )}
      {problems.map((problem) => problem && <ProblemAlert problem={problem} />)}
    </div>
  );
}

const Likely = ({ said }: { said: string }) =>
  said ? <p class="cw-hint cw-likely">{said}</p> : null;

/** Counts on from what was told last: while nothing happens nothing is told. */
function Remaining({ progress }: { progress: BatchProgress }) {
  const { store, connection } = useView().app;
  const { etaTime, ended } = progress;
  const away = connection.state.value === "disconnected";
  const now = useNow(etaTime !== null && !ended && !away);
  if (away) return null;
  const since = etaTime === null ? 0 : Math.max(0, now + store.clockOffset.value - etaTime);
  const remaining = leftText(progress, since);
  return remaining ? <span>{remaining}</span> : null;
}

type Asked = "kill" | "retry" | null;

function Buttons({ progress }: { progress: BatchProgress }) {
  const { app } = useView();
  const asked = useSignal<Asked>(null);
  const key = actionKey("batch", "");
  const off = app.actions.state(key).value.sending || app.connection.state.value === "disconnected";
  const { batchId, ended, failed, killed, left } = progress;
  const tell = (type: "claude:kill-batch" | "claude:resume-batch") =>
    void app.actions.ask(key, { type, batchId });
  const retry = () =>
    void app.actions.ask(key, { type: "claude:retry-batch", batchId, killed: failed === 0 });
  const close = () => {
    asked.value = null;
  };
  const ask = (what: Asked) => {
    if (!off) asked.value = what;
  };
  return (
    <span class="cw-buttons">
      {left && (
        <button
          type="button"
          class="cw-button cw-primary"
          aria-disabled={off}
          onClick={() => !off && tell("claude:resume-batch")}
        >
          Resume
        </button>
      )}
      {failed + killed > 0 && (
        <button type="button" class="cw-button" aria-disabled={off} onClick={() => ask("retry")}>
          {failed > 0 ? "Retry failed…" : "Retry killed…"}
        </button>
      )}
      {!ended && (
        <button
          type="button"
          class="cw-button cw-danger"
          aria-disabled={off}
          onClick={() => ask("kill")}
        >
          Kill all…
        </button>
      )}
      {asked.value === "kill" && (
        <Question what="Kill all" onCancel={close} onConfirm={() => tell("claude:kill-batch")}>
          {killText(progress)}
        </Question>
      )}
      {asked.value === "retry" && (
        <Question
          what={failed > 0 ? "Retry failed" : "Retry killed"}
          keep="Leave them"
          onCancel={close}
          onConfirm={retry}
        >
          {retryText(progress)}
        </Question>
      )}
    </span>
  );
}
