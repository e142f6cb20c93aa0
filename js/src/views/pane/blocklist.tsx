/**
 * The blocks of a thread, as a long list of which only what is seen is drawn.
 *
 * The rule: a block is drawn again only when its own signal changes, and one that cannot be drawn
 * says so in its place. Which component draws a kind is decided here and nowhere else.
 */
import type { ReadonlySignal } from "@preact/signals";
import { Component, type ComponentChildren } from "preact";
import { useCallback, useMemo } from "preact/hooks";
import type { Block } from "../../fold/blocks.ts";
import type { Pane } from "../../pane/pane.ts";
import type { NoticesRow, PaneRow, TranscriptRow } from "../../pane/rows.ts";
import { PaneContext } from "../../view.ts";
import { RequestView } from "../requests/request.tsx";
import { ImageView } from "../text/image.tsx";
import { PromptView, TextView, ThinkingView } from "../text/text.tsx";
import { NoticeView, RawView } from "../tools/notice.tsx";
import { ResultView } from "../tools/result.tsx";
import { TaskView } from "../tools/task.tsx";
import { ToolView } from "../tools/tool.tsx";
import { VirtualList } from "../virtual.tsx";
import { KeptBlock, OPEN, useKept } from "./kept.tsx";
import { LaneToggle } from "./lane.tsx";
import { PartHeading } from "./thread.tsx";
import type { Transcript } from "./transcript.ts";

export function BlockList({ transcript }: { transcript: Transcript }) {
  const rows = transcript.update();
  const draw = useCallback(
    (_: string, index: number) => {
      const row = transcript.rows.at(index);
      return row && <TranscriptRowView transcript={transcript} row={row} />;
    },
    [transcript],
  );
  return (
    <VirtualList
      list={transcript.list}
      rows={rows}
      draw={draw}
      box={{ class: "cw-scroll", role: "region", tabIndex: 0, "aria-label": "Blocks" }}
    />
  );
}

function TranscriptRowView({ transcript, row }: { transcript: Transcript; row: TranscriptRow }) {
  const { executionId } = row.section;
  if (row.kind === "heading") return <PartHeading transcript={transcript} id={executionId} />;
  const part = transcript.partOf(executionId);
  if (!part?.pane || !part.shown) return null;
  return (
    <PaneContext.Provider value={part.pane}>
      <KeptBlock block={`${executionId} ${row.key}`}>
        <PaneRowView transcript={transcript} pane={part.shown} name={row.key} row={row.row} />
      </KeptBlock>
    </PaneContext.Provider>
  );
}

interface PaneRowProps {
  readonly transcript: Transcript;
  readonly pane: Pane;
  readonly name: string;
  readonly row: PaneRow;
}

function PaneRowView({ transcript, pane, name, row }: PaneRowProps) {
  const rail = useMemo(() => ({ "--cw-depth": String(Math.min(row.depth, 6)) }), [row.depth]);
  return (
    <div class={row.depth === 0 ? "cw-step" : "cw-step cw-lane"} style={rail}>
      {row.kind === "notices" ? (
        <Notices pane={pane} row={row} />
      ) : (
        <PaneBlock pane={pane} name={row.key} />
      )}
      {row.kind === "block" && (
        <LaneToggle transcript={transcript} pane={pane} name={name} row={row} />
      )}
    </div>
  );
}

function PaneBlock({ pane, name }: { pane: Pane; name: string }) {
  const block = pane.block(name);
  return block ? <BlockView block={block} /> : null;
}

function BlockView({ block }: { block: ReadonlySignal<Block> }) {
  const now = block.value;
  return (
    <div class={`cw-block cw-${now.kind}`}>
      <Guard block={now}>{drawBlock(now)}</Guard>
    </div>
  );
}

/** Quiet notices in a row: how many, and the last of them; all when opened. */
function Notices({ pane, row }: { pane: Pane; row: NoticesRow }) {
  // Read because the run grows with the pane.
  void pane.keys.value;
  const [open, setOpen] = useKept(OPEN, false);
  const shown = open ? row.keys : row.keys.slice(-1);
  return (
    <div class="cw-block cw-notices">
      <button
        type="button"
        class="cw-link cw-quiet-link"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {open ? "Show only the last notice" : `${row.keys.length - 1} earlier notices`}
      </button>
      {shown.map((key) => (
        <PaneBlock key={key} pane={pane} name={key} />
      ))}
    </div>
  );
}

function drawBlock(block: Block) {
  switch (block.kind) {
    case "text":
      return <TextView block={block} />;
    case "thinking":
      return <ThinkingView block={block} />;
    case "prompt":
      return <PromptView block={block} />;
    case "image":
      return <ImageView image={block.image} />;
    case "tool":
      return <ToolView block={block} />;
    case "task":
      return <TaskView task={block.task} />;
    case "request":
      return <RequestView block={block} />;
    case "result":
      return <ResultView block={block} />;
    case "notice":
      return <NoticeView block={block} />;
    case "raw":
      return <RawView block={block} />;
  }
}

interface GuardProps {
  readonly block: Block;
  readonly children: ComponentChildren;
}

interface GuardState {
  readonly failed: Block | null;
  readonly why: string;
}

/** One block that cannot be drawn takes no other with it. */
class Guard extends Component<GuardProps, GuardState> {
  override state: GuardState = { failed: null, why: "" };

  override componentDidCatch(error: unknown): void {
    this.setState({ failed: this.props.block, why: String(error) });
  }

  override render({ block, children }: GuardProps) {
    const { failed, why } = this.state;
    // Its next value may be one that can be drawn.
    if (failed !== block) return children;
    return <p class="cw-bad">{`This ${block.kind} could not be drawn: ${why.slice(0, 300)}`}</p>;
  }
}
