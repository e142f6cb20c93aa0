/**
 * The blocks of a pane, each drawn by its kind.
 *
 * The rule: a block is drawn again only when its own signal changes. This is the seam for richer
 * drawing (markdown, diffs, a virtual list): another component for a kind changes nothing else.
 */
import type { ReadonlySignal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { Block } from "../blocks.ts";
import type { Pane } from "../pane.ts";
import { PaneContext } from "../view.ts";
import { ImageView } from "./image.tsx";
import { NoticeView, RawView } from "./notice.tsx";
import { RequestView } from "./request.tsx";
import { ResultView } from "./result.tsx";
import { TaskView } from "./task.tsx";
import { PromptView, TextView, ThinkingView } from "./text.tsx";
import { ToolView } from "./tool.tsx";

const WINDOW = 300;

export function BlockList({ pane }: { pane: Pane }) {
  const [extra, setExtra] = useState(0);
  const keys = pane.keys.value;
  const hidden = Math.max(0, keys.length - WINDOW - extra);
  return (
    <PaneContext.Provider value={pane}>
      {hidden > 0 && (
        <button type="button" class="cw-button" onClick={() => setExtra(extra + WINDOW)}>
          {`Show earlier blocks (${hidden} hidden)`}
        </button>
      )}
      {keys.slice(hidden).map((key) => {
        const block = pane.block(key);
        return block && <BlockView key={key} block={block} />;
      })}
    </PaneContext.Provider>
  );
}

function BlockView({ block }: { block: ReadonlySignal<Block> }) {
  const now = block.value;
  return (
    <div class={now.parent === null ? `cw-block cw-${now.kind}` : `cw-block cw-${now.kind} cw-sub`}>
      {drawBlock(now)}
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
