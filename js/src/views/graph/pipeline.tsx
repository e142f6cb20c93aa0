/**
 * A pipeline: how far it is, its graph, and the output of the step that was opened.
 *
 * The rule: all of it comes with the model but the output, which is asked for. The output stands
 * beside the graph where there is room, else below it.
 */
import { useSignal } from "@preact/signals";
import { countsText } from "../../batch/figures.ts";
import { openExecution, openKey } from "../../batch/opening.ts";
import { formatCost, formatCount, formatNumber, LIST_PRICES } from "../../format.ts";
import type { Group } from "../../graph/grouping.ts";
import type { ExecutionRow, PipelineProgress } from "../../protocol.ts";
import { isEnded, readRow } from "../../store.ts";
import { select, useView } from "../../view.ts";
import { Asking } from "../batch/asking.tsx";
import { Bar } from "../batch/bar.tsx";
import { MIDDLE, Splitter } from "../list/splitter.tsx";
import { SelectedOutput } from "../pane/output.tsx";
import { ProblemAlert } from "../problem.tsx";
import { Question } from "../queue/question.tsx";
import { GroupGraph } from "./group.tsx";

export function Pipeline() {
  const progress = useView().app.pipeline.value;
  return progress ? <PipelineOf progress={progress} /> : null;
}

function PipelineOf({ progress }: { progress: PipelineProgress }) {
  const view = useView();
  const share = useSignal(MIDDLE);
  const opened = view.selected.value;
  const group = groupOf(progress);
  const { problem } = view.app.actions.state(openKey(opened ?? "")).value;
  const untold = progress.total - progress.steps.length;
  return (
    <div class="cw-batch" role="group" aria-label="Pipeline">
      <Head progress={progress} />
      {problem && <ProblemAlert problem={problem} />}
      <div
        class={opened === null ? "cw-batch-alone" : "cw-columns"}
        style={{ "--cw-share": `${share.value}%` }}
      >
        <div class="cw-panel">
          <div class="cw-list cw-charts">
            <GroupGraph
              group={group}
              onOpen={(executionId) => {
                if (view.selected.peek() === executionId) select(view, null);
                else void openExecution(view, executionId);
              }}
            />
            {untold > 0 && (
              <p class="cw-hint">{`${formatCount(untold, "more step")} not drawn.`}</p>
            )}
          </div>
        </div>
        {opened !== null && <Splitter share={share} />}
        {opened !== null && <SelectedOutput />}
      </div>
    </div>
  );
}

/** The steps as rows of a list, in the order in which they were given. */
function groupOf({ steps }: PipelineProgress): Group<ExecutionRow> {
  const idOf = (place: number) => steps[place]?.executionId ?? "";
  const rows = steps.map(({ name, executionId, status, reason, asks, needs, leftOut }) => {
    const after = needs.map(idOf);
    const requestCount = asks ? 1 : 0;
    const afterCount = needs.length + leftOut;
    return readRow({ executionId, name, status, reason, requestCount, after, afterCount });
  });
  return { rows, needs: new Map(rows.map(({ executionId, after }) => [executionId, after ?? []])) };
}

function Head({ progress }: { progress: PipelineProgress }) {
  const { total, completed, failed, killed, asking, costUsd, steps } = progress;
  const done = completed + failed + killed;
  const said = `${formatNumber(done)} of ${formatCount(total, "step has", "steps have")} ended`;
  const asked = steps.filter(({ asks }) => asks).map(({ executionId }) => executionId);
  return (
    <div class="cw-batch-head">
      <div class="cw-batch-line">
        <b class="cw-batch-name">Pipeline</b>
        <span class="cw-batch-done">{`${formatNumber(done)} of ${formatCount(total, "step")}`}</span>
        <KillAll progress={progress} />
      </div>
      <Bar
        counts={progress}
        all={total}
        total={total}
        label="Steps that have ended"
        said={`${said}: ${countsText(progress)}`}
      />
      <div class="cw-batch-line cw-batch-figures">
        <span>{countsText(progress)}</span>
        <span title={`Cost: ${LIST_PRICES}`}>{formatCost(costUsd)} est.</span>
      </div>
      <Asking
        asking={asking}
        ids={asked}
        said={`${formatCount(asking, "step asks", "steps ask")} for an answer`}
      />
      <Refused progress={progress} />
    </div>
  );
}

/** Why the first of the steps that live was not ended; the output of an open one says it itself. */
function Refused({ progress }: { progress: PipelineProgress }) {
  const { app, selected } = useView();
  const problem = aliveOf(progress)
    .filter(({ executionId }) => executionId !== selected.value)
    .map(({ executionId }) => app.ui.killProblems.value.get(executionId))
    .find(Boolean);
  return problem ? <ProblemAlert problem={problem} /> : null;
}

const aliveOf = ({ steps }: PipelineProgress) => steps.filter(({ status }) => !isEnded(status));

function KillAll({ progress }: { progress: PipelineProgress }) {
  const { app } = useView();
  const asks = useSignal(false);
  const { ended, total, running, pending, steps } = progress;
  if (ended || steps.length < total) return null; // what is not told cannot be killed
  const alive = aliveOf(progress).map(({ executionId }) => executionId);
  const killing = alive.length > 0 && alive.every((one) => app.ui.killing.value.has(one));
  const off = killing || app.connection.state.value === "disconnected";
  const kill = () => {
    // The last ones first, so that none of them is started meanwhile.
    for (const executionId of [...alive].reverse()) void app.kill(executionId);
  };
  return (
    <span class="cw-buttons">
      <button
        type="button"
        class="cw-button cw-danger"
        aria-disabled={off}
        onClick={() => {
          asks.value = !off;
        }}
      >
        {killing ? "Killing…" : "Kill all…"}
      </button>
      {asks.value && (
        <Question
          what="Kill all"
          onCancel={() => {
            asks.value = false;
          }}
          onConfirm={kill}
        >
          {`${formatCount(running, "step runs", "steps run")}, ${formatNumber(pending)} more ${
            pending === 1 ? "waits" : "wait"
          }. None is left after it; their transcripts stay.`}
        </Question>
      )}
    </span>
  );
}
