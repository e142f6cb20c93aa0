/**
 * A call of a tool: one line that says what happened, and the rest when it is open.
 *
 * The rule: a folded one costs a few nodes, since there may be thousands. It is open where there is
 * something to see (an error, an edit, a short result) until the reader says otherwise.
 */
import { useMemo } from "preact/hooks";
import { deciderText } from "../../conversation/deciders.ts";
import type { Task, ToolBlock } from "../../fold/blocks.ts";
import { formatDuration } from "../../format.ts";
import { type Call, type Phase, readCall } from "../../tools/toolcall.ts";
import { type Summary, summarize } from "../../tools/toolsummary.ts";
import { usePane, useView } from "../../view.ts";
import { OPEN, useKept } from "../pane/kept.tsx";
import { Visible } from "../text/visible.tsx";
import { bodyOf, isEditor } from "./bodies.ts";
import { useElapsed } from "./elapsed.ts";
import { Elided } from "./longtext.tsx";

export function ToolView({ block }: { block: ToolBlock }) {
  const cwd = useWorkingFolder();
  const call = useMemo(() => readCall(block, cwd), [block, cwd]);
  const summary = useMemo(() => summarize(call), [call]);
  const [choice, choose] = useKept<boolean | null>(OPEN, null);
  const open = choice ?? (isLive(block.task) || opensItself(call));
  return (
    <>
      <button
        type="button"
        class={`cw-tool-head cw-tool-${call.phase}`}
        aria-expanded={open}
        onClick={() => choose(!open)}
      >
        <SummaryLine summary={summary} phase={call.phase} />
        {block.task && <span class="cw-tag">{block.task.status}</span>}
        {call.phase === "running" && <Elapsed seconds={block.seconds} />}
      </button>
      {open && <ToolBody call={call} block={block} />}
    </>
  );
}

function useWorkingFolder(): string {
  const pane = usePane();
  const row = useView().app.row(pane.executionId)?.value;
  return pane.facts.value.cwd || row?.projectPath || "";
}

const SIGNS: Readonly<Record<Phase, string>> = {
  streaming: "…",
  running: "…",
  asked: "?",
  done: "✓",
  failed: "✗",
  denied: "⊘",
  over: "–",
};

function SummaryLine({ summary, phase }: { summary: Summary; phase: Phase }) {
  const { verb, subject, outcome } = summary;
  return (
    <>
      <span class="cw-tool-sign" aria-hidden="true">
        {SIGNS[phase]}
      </span>
      <span class="cw-tool-line">
        {verb}
        {subject !== "" && (
          <>
            {" "}
            <span class="cw-tool-subject">
              <Visible text={subject} as="line" />
            </span>
          </>
        )}
        {outcome !== "" && (
          <span class="cw-meta">
            {", "}
            <Visible text={outcome} as="line" />
          </span>
        )}
      </span>
    </>
  );
}

function Elapsed({ seconds }: { seconds: number | null }) {
  const elapsed = useElapsed(seconds);
  if (elapsed === null) return null;
  return <span class="cw-tag">{formatDuration(elapsed)}</span>;
}

/** What goes on in the background can be stopped from its card. */
const isLive = (task: Task | null): boolean =>
  task !== null && (task.status === "pending" || task.status === "running");

const SHORT_TEXT = 800;
const SHORT_LINES = 10;

function opensItself({ name, phase, text, input }: Call): boolean {
  if (phase === "failed" || phase === "denied") return true;
  if (phase === "asked" || phase === "over") return false;
  if (isEditor(name)) return true;
  if (phase !== "done") return name === "TodoWrite" && Array.isArray(input.todos);
  return text.length <= SHORT_TEXT && text.split("\n", SHORT_LINES + 1).length <= SHORT_LINES;
}

function ToolBody({ call, block }: { call: Call; block: ToolBlock }) {
  const Body = bodyOf(call.name);
  if (call.phase === "denied") {
    // What came back of it is what the model was told of the denial.
    return (
      <div class="cw-tool-body">
        <Denial reason={block.denial || call.text} by={block.deniedBy} />
        <Body call={{ ...call, text: "" }} block={{ ...block, result: null }} />
      </div>
    );
  }
  return (
    <div class="cw-tool-body">
      <Body call={call} block={block} />
      {block.result && <Elided left={block.result.elided} />}
    </div>
  );
}

function Denial({ reason, by }: { reason: string; by: string }) {
  return (
    <div class="cw-bad">
      {["Denied", deciderText(by)].filter(Boolean).join(" ")}
      {reason !== "" && (
        <>
          {": "}
          <Visible text={reason} />
        </>
      )}
    </div>
  );
}
