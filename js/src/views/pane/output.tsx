/**
 * The output of one execution: header, tabs, and what the tab in front shows.
 *
 * The rule: the bytes are asked for while this is mounted and no longer. The conversation stays
 * where it was scrolled to while another tab is in front; the others are read anew each time.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { formatCost, LIST_PRICES } from "../../format.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { isEnded } from "../../store.ts";
import { useFieldId, useView } from "../../view.ts";
import { Fetched } from "../fetched.tsx";
import { RowActivity } from "../list/activity.tsx";
import { KillButton, KillProblem } from "../list/kill.tsx";
import { OriginMarks, OriginText } from "../list/origin.tsx";
import { RerunButton, RerunOutcome } from "../list/rerun.tsx";
import { Duration, StatusBadge } from "../list/status.tsx";
import { Usage } from "../list/usage.tsx";
import { Composer } from "../session/composer.tsx";
import { SessionControls } from "../session/session.tsx";
import { TabPanel, Tabs } from "../tabs.tsx";
import { ConversationPanel } from "./conversation.tsx";
import { QueryLine } from "./query.tsx";
import { Toolbar } from "./toolbar.tsx";
import { Transcript } from "./transcript.ts";

export function SelectedOutput() {
  const view = useView();
  const id = view.selected.value;
  // The list of ids is read so that this is drawn again when the row arrives or goes.
  void view.app.store.ids.value;
  const known = id !== null && view.app.store.row(id) !== undefined;
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

interface OutputProps {
  readonly executionId: string;
  /** What the header has besides; and whether only header and last lines are shown. */
  readonly button?: ComponentChildren;
  readonly compact?: boolean;
}

export function Output({ executionId, button, compact = false }: OutputProps) {
  const { app } = useView();
  const row = app.row(executionId)?.value;
  const transcript = useTranscript(executionId, !row || isEnded(row.status));
  useEffect(() => {
    transcript.whole.value = !compact;
  }, [transcript, compact]);
  const live = !row || !isEnded(row.status);
  return (
    <>
      {row && <OutputHeader row={row} transcript={transcript} button={button} compact={compact} />}
      {row && !compact && <SessionControls row={row} pane={transcript.pane} />}
      <OutputTabs transcript={transcript} live={live} compact={compact} />
      {row && !compact && <Composer row={row} pane={transcript.pane} />}
    </>
  );
}

interface HeaderProps {
  readonly row: ExecutionRow;
  readonly transcript: Transcript;
  readonly button: ComponentChildren;
  readonly compact: boolean;
}

function OutputHeader({ row, transcript, button, compact }: HeaderProps) {
  return (
    <div class="cw-output-head">
      <div class="cw-row-head">
        <StatusBadge status={row.status} />
        <Duration row={row} />
        <OriginMarks row={row} />
        <span class="cw-meta" title={row.costUsd === null ? undefined : `Cost: ${LIST_PRICES}`}>
          {[row.model, costOf(row)].filter(Boolean).join(" · ")}
        </span>
        <Usage row={row} />
        <span class="cw-buttons">
          {!compact && <Toolbar row={row} transcript={transcript} />}
          {button}
          <RerunButton row={row} />
          <KillButton row={row} />
        </span>
      </div>
      <QueryLine row={row} />
      {!compact && <OriginText row={row} />}
      <RowActivity row={row} />
      {row.overBudget && <div class="cw-reason">{`Budget: ${row.overBudget}`}</div>}
      <KillProblem row={row} />
      <RerunOutcome row={row} />
    </div>
  );
}

function costOf(row: ExecutionRow): string {
  if (row.costUsd === null) return "";
  return formatCost(row.costUsd) + (row.recorded ? " as recorded" : " est.");
}

const CATCH_UP_AFTER = 2000;

/** What this view holds of the execution, while it is mounted. */
export function useTranscript(executionId: string, ended: boolean): Transcript {
  const { app } = useView();
  const transcript = useMemo(() => new Transcript(app, executionId), [app, executionId]);
  // Not later: what is taken away before it was painted is given back, too.
  useLayoutEffect(() => () => transcript.close(), [transcript]);
  const complete = transcript.pane.ended.value;
  useEffect(() => {
    if (!ended || complete) return;
    // A lost last message leaves no gap behind it: the bytes are asked for once more.
    const timer = setTimeout(() => app.panes.catchUp(executionId), CATCH_UP_AFTER);
    return () => clearTimeout(timer);
  }, [app, executionId, ended, complete]);
  return transcript;
}

interface OutputTabsProps {
  readonly transcript: Transcript;
  readonly live: boolean;
  readonly compact: boolean;
}

function OutputTabs({ transcript, live, compact }: OutputTabsProps) {
  const prefix = useFieldId();
  const [chosen, choose] = useState("conversation");
  const { count } = transcript.pane.stderr.value;
  const { executionId } = transcript;
  const row = useView().app.row(executionId)?.value;
  const changes = row?.branch || row?.recorded;
  const tabs = [
    { id: "conversation", label: "Conversation" },
    ...(changes ? [{ id: "changes", label: "Changes" }] : []),
    { id: "raw", label: "Raw frames" },
    { id: "stderr", label: "stderr", ...(count > 0 && { count }) },
  ];
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key.toLowerCase() !== "f" || !(event.ctrlKey || event.metaKey)) return;
    if (event.shiftKey || event.altKey || compact) return;
    // The browser's own search would find only what is on the page.
    event.preventDefault();
    event.stopPropagation();
    choose("conversation");
    transcript.finder.begin();
  };
  return (
    <div class="cw-pane" role="group" onKeyDown={onKeyDown}>
      {!compact && (
        <Tabs tabs={tabs} chosen={chosen} onChoose={choose} prefix={prefix} label="Views" />
      )}
      <TabPanel
        id="conversation"
        prefix={prefix}
        hidden={!compact && chosen !== "conversation"}
        alone={compact}
      >
        <ConversationPanel transcript={transcript} live={live} />
      </TabPanel>
      {changes && (
        <TabPanel id="changes" prefix={prefix} hidden={compact || chosen !== "changes"}>
          {chosen === "changes" && !compact && (
            <Fetched draw={({ Changes }) => <Changes executionId={executionId} />} />
          )}
        </TabPanel>
      )}
      <TabPanel id="raw" prefix={prefix} hidden={compact || chosen !== "raw"}>
        {chosen === "raw" && !compact && (
          <Fetched draw={({ RawPanel }) => <RawPanel executionId={executionId} />} />
        )}
      </TabPanel>
      <TabPanel id="stderr" prefix={prefix} hidden={compact || chosen !== "stderr"}>
        {chosen === "stderr" && !compact && (
          <Fetched draw={({ StderrPanel }) => <StderrPanel pane={transcript.pane} />} />
        )}
      </TabPanel>
    </div>
  );
}
