/**
 * The output of one execution: header, blocks, stderr.
 *
 * The rule: the bytes are asked for while this is mounted and no longer. It follows the tail until
 * the reader scrolls up, and again from the Follow button or the bottom.
 */
import { useEffect, useMemo } from "preact/hooks";
import { formatCost, formatCount } from "../format.ts";
import type { Pane } from "../pane.ts";
import type { ExecutionRow } from "../protocol.ts";
import { isEnded } from "../store.ts";
import { useView } from "../view.ts";
import { BlockList } from "./blocklist.tsx";
import { Composer } from "./composer.tsx";
import { useFollow } from "./follow.ts";
import { KillButton, KillProblem } from "./kill.tsx";
import { RowActivity } from "./list.tsx";
import { SessionControls } from "./session.tsx";
import { Duration, StatusBadge } from "./status.tsx";

export function SelectedOutput() {
  const view = useView();
  const id = view.selected.value;
  // The list of ids is read so that this is drawn again when the row arrives or goes.
  const known = id !== null && view.app.store.ids.value.includes(id);
  return (
    <div class="cw-output" role="region" aria-label="Output">
      {known ? (
        <Output key={id} executionId={id} />
      ) : (
        <p class="cw-empty">{id ? "Waiting for it…" : "View an execution to see its output."}</p>
      )}
    </div>
  );
}

export function Output({ executionId }: { executionId: string }) {
  const { app } = useView();
  const row = app.row(executionId)?.value;
  return (
    <>
      {row && <OutputHeader row={row} />}
      <PaneView key={executionId} executionId={executionId} ended={!row || isEnded(row.status)} />
    </>
  );
}

export function OutputHeader({ row }: { row: ExecutionRow }) {
  return (
    <header class="cw-output-head">
      <div class="cw-row-head">
        <StatusBadge status={row.status} />
        <Duration row={row} />
        {row.recorded && <span class="cw-tag">recorded</span>}
        <span class="cw-meta">
          {[row.model, row.costUsd !== null && formatCost(row.costUsd)].filter(Boolean).join(" · ")}
        </span>
        <span class="cw-buttons">
          <KillButton row={row} />
        </span>
      </div>
      <div class="cw-query cw-query-full">
        {row.name && <b class="cw-name">{row.name}</b>}
        {row.query}
      </div>
      <RowActivity row={row} />
      <KillProblem row={row} />
    </header>
  );
}

const CATCH_UP_AFTER = 2000;

function PaneView({ executionId, ended }: { executionId: string; ended: boolean }) {
  const { panes } = useView().app;
  const held = useMemo(() => panes.use(executionId), [panes, executionId]);
  useEffect(() => held.release, [held]);
  const complete = held.pane.ended.value;
  useEffect(() => {
    if (!ended || complete) return;
    // A lost last message leaves no gap behind it: the bytes are asked for once more.
    const timer = setTimeout(() => panes.catchUp(executionId), CATCH_UP_AFTER);
    return () => clearTimeout(timer);
  }, [panes, executionId, ended, complete]);
  const row = useView().app.row(executionId)?.value;
  return (
    <>
      {row && <SessionControls row={row} pane={held.pane} />}
      <PaneBody pane={held.pane} live={!ended} />
      {row && <Composer row={row} pane={held.pane} />}
    </>
  );
}

function PaneBody({ pane, live }: { pane: Pane; live: boolean }) {
  const { scroller, content, following, follow } = useFollow();
  const empty = pane.keys.value.length === 0;
  const waiting = pane.loaded.value ? (live ? "No output yet." : "No output.") : "Loading…";
  return (
    <div class="cw-pane">
      {pane.error.value && (
        <p class="cw-problem" role="alert">
          {pane.error.value}
        </p>
      )}
      <section class="cw-scroll" ref={scroller} tabIndex={0} aria-label="Blocks">
        <div ref={content} class="cw-blocks">
          {empty && !pane.error.value ? (
            <p class="cw-empty">{waiting}</p>
          ) : (
            <BlockList pane={pane} />
          )}
        </div>
      </section>
      {!following && (
        <button type="button" class="cw-button cw-follow" onClick={follow}>
          Follow
        </button>
      )}
      <Stderr pane={pane} />
    </div>
  );
}

function Stderr({ pane }: { pane: Pane }) {
  const { count, text } = pane.stderr.value;
  if (count === 0) return null;
  return (
    <details class="cw-stderr">
      <summary>
        stderr <span class="cw-meta">{formatCount(count, "line")}</span>
      </summary>
      <pre>{text}</pre>
    </details>
  );
}
