/**
 * The result of a turn: how it ended, with cost, duration and turns.
 *
 * The rule: the text is not said twice when the last text block has it, nor is an error that the
 * text has; a result that a later one replaced stays, and says so.
 */
import type { ResultBlock } from "../../fold/blocks.ts";
import { formatCost, formatCount, formatDuration, LIST_PRICES } from "../../format.ts";
import { pretty } from "../../json.ts";
import { errorText, newErrors } from "../../tools/errortext.ts";
import { CopyButton } from "../text/copy.tsx";
import { ClippedText } from "../text/text.tsx";
import { JsonTree } from "./jsontree.tsx";

const ENDINGS: ReadonlyMap<string, string> = new Map([
  ["error_max_turns", "stopped at its limit of turns"],
  ["error_max_budget_usd", "stopped at its budget"],
  ["error_max_structured_output_retries", "gave no structured output that fits"],
  ["error_during_execution", "broke off"],
]);

export function ResultView({ block }: { block: ResultBlock }) {
  const { isError, subtype, repeats, structured, text, errors, replaced } = block;
  const bad = isError || subtype !== "success";
  const shown = !repeats && structured === null && text !== "";
  return (
    <div class={bad ? "cw-end cw-end-bad" : "cw-end"}>
      <div>
        <b>{replaced ? "Earlier result" : "Result"}</b>{" "}
        {bad && (
          <span class="cw-bad">{ENDINGS.get(subtype) ?? (isError ? "error" : subtype)} </span>
        )}
        <Figures block={block} />
      </div>
      {shown && (
        <div class="cw-words">
          <ClippedText text={isError ? errorText(text) : text} length={20_000} />
        </div>
      )}
      {structured !== null && <Structured value={structured} />}
      {newErrors(errors, text).map((error, index) => (
        <div key={index} class="cw-bad">
          <ClippedText text={error} length={2000} />
        </div>
      ))}
    </div>
  );
}

function Figures({ block: { costUsd, durationMs, turns, denials } }: { block: ResultBlock }) {
  const figures = [
    costUsd !== null && `${formatCost(costUsd)} est.`,
    durationMs !== null && formatSeconds(durationMs / 1000),
    turns !== null && formatCount(turns, "turn"),
    denials > 0 && formatCount(denials, "denial"),
  ].filter(Boolean);
  return (
    <span
      class="cw-meta"
      title={`As the CLI reports it: its cost is that of the whole session, an ${LIST_PRICES}`}
    >
      {figures.join(" · ")}
    </span>
  );
}

const formatSeconds = (seconds: number): string =>
  seconds < 60 ? `${seconds.toFixed(1)} s` : formatDuration(seconds);

function Structured({ value }: { value: unknown }) {
  return (
    <div class="cw-structured">
      <span class="cw-label">Structured output</span>
      <CopyButton text={pretty(value)} what="structured output" />
      <div>
        <JsonTree value={value} />
      </div>
    </div>
  );
}
