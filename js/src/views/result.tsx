/**
 * The result of a turn: how it ended, with cost, duration and turns.
 *
 * The rule: the text is not said twice when the last text block has it; a result that a later one
 * replaced stays, and says so.
 */
import type { ResultBlock } from "../blocks.ts";
import { formatCost, formatCount } from "../format.ts";
import { pretty } from "../json.ts";
import { ClippedText } from "./text.tsx";

export function ResultView({ block }: { block: ResultBlock }) {
  const bad = block.isError || block.subtype !== "success";
  const figures = [
    block.costUsd !== null && formatCost(block.costUsd),
    block.durationMs !== null && `${(block.durationMs / 1000).toFixed(1)} s`,
    block.turns !== null && formatCount(block.turns, "turn"),
    block.denials > 0 && formatCount(block.denials, "denial"),
  ].filter(Boolean);
  return (
    <div class={bad ? "cw-end cw-end-bad" : "cw-end"}>
      <div>
        <b>{block.replaced ? "Earlier result" : "Result"}</b>{" "}
        {bad && <span class="cw-bad">{block.isError ? "error" : block.subtype} </span>}
        <span class="cw-meta" title="As the CLI reports it: its cost is that of the whole session">
          {figures.join(" · ")}
        </span>
      </div>
      {!block.repeats && block.structured === null && block.text !== "" && (
        <div class="cw-words">
          <ClippedText text={block.text} length={20_000} />
        </div>
      )}
      {block.structured !== null && (
        <pre>
          <ClippedText text={pretty(block.structured)} length={4000} />
        </pre>
      )}
      {block.errors.map((error) => (
        <div key={error} class="cw-bad">
          <ClippedText text={error} length={2000} />
        </div>
      ))}
    </div>
  );
}
