/**
 * A batch: how far it is, what went wrong, its table, and the output of the row that was opened.
 *
 * The rule: how far it is comes with the model and is there at once; rows are asked for as they are
 * looked at. What was chosen outlives that the view is drawn again. The output stands beside the
 * table where there is room, else below it.
 */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useState } from "preact/hooks";
import { ALL_ROWS, BatchTable } from "../../batch/table.ts";
import type { BatchProgress } from "../../protocol.ts";
import { useView } from "../../view.ts";
import { MIDDLE, Splitter } from "../list/splitter.tsx";
import { SelectedOutput } from "../pane/output.tsx";
import { ProblemAlert } from "../problem.tsx";
import { Failures } from "./failures.tsx";
import { BatchFilters } from "./filters.tsx";
import { BatchHead } from "./head.tsx";
import { Lines } from "./lines.tsx";

export function Batch() {
  const progress = useView().app.batch.value;
  return progress ? <BatchOf progress={progress} /> : null;
}

function BatchOf({ progress }: { progress: BatchProgress }) {
  const { selected } = useView();
  const table = useTable();
  const share = useSignal(MIDDLE);
  const opened = selected.value !== null;
  return (
    <div class="cw-batch" role="group" aria-label="Batch">
      <BatchHead progress={progress} />
      <Failures progress={progress} table={table} />
      <div
        class={opened ? "cw-columns" : "cw-batch-alone"}
        style={{ "--cw-share": `${share.value}%` }}
      >
        <div class="cw-panel">
          <div class="cw-list cw-batch-list">
            <BatchFilters progress={progress} table={table} />
            {table.problem.value && <ProblemAlert problem={table.problem.value} />}
            <Nothing table={table} />
            <Lines table={table} />
          </div>
        </div>
        {opened && <Splitter share={share} />}
        {opened && <SelectedOutput />}
      </div>
    </div>
  );
}

/** Kept by the view's model: a reader who comes back finds what was chosen. */
function useTable(): BatchTable {
  const { app } = useView();
  const kept = app.ui.kept<BatchTable | null>("batch", null);
  const [table] = useState(() => {
    kept.value ??= new BatchTable(app);
    return kept.value;
  });
  useLayoutEffect(() => table.follow(), [table]);
  return table;
}

function Nothing({ table }: { table: BatchTable }) {
  if (table.total.value !== 0) return null;
  const { filter, reason } = table.choice.value;
  const chosen = filter !== "all" || reason !== null;
  return (
    <p class="cw-empty" role="status">
      {chosen ? "No row is so just now. " : "No rows yet."}
      {chosen && (
        <button type="button" class="cw-link" onClick={() => table.choose(ALL_ROWS)}>
          Show all
        </button>
      )}
    </p>
  );
}
