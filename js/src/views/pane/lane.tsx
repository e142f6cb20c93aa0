/**
 * The lane of a tool call: what its subagent does, below the call, and how to fold it.
 *
 * The rule: how long a lane is, is counted only for calls that are in sight.
 */
import { formatNumber } from "../../format.ts";
import type { Pane } from "../../pane/pane.ts";
import type { BlockRow } from "../../pane/rows.ts";
import type { Transcript } from "./transcript.ts";

interface LaneProps {
  readonly transcript: Transcript;
  readonly pane: Pane;
  readonly name: string;
  readonly row: BlockRow;
}

export function LaneToggle({ transcript, pane, name, row }: LaneProps) {
  const steps = stepsBelow(pane, row);
  if (steps === 0) return null;
  const folded = transcript.isFolded(name);
  const count = `${formatNumber(steps)} ${steps === 1 ? "step" : "steps"}`;
  return (
    <button
      type="button"
      class="cw-link cw-lane-toggle"
      aria-expanded={!folded}
      onClick={() => transcript.fold(name, !folded)}
    >
      {folded ? `Show ${count} of the subagent` : `Hide ${count} of the subagent`}
    </button>
  );
}

function stepsBelow(pane: Pane, row: BlockRow): number {
  if (pane.block(row.key)?.peek().kind !== "tool") return 0;
  const keys = pane.keys.value;
  const at = keys[row.from] === row.key ? row.from : keys.indexOf(row.key);
  let end = at + 1;
  while (end < keys.length && pane.depth(keys[end] as string) > row.depth) end += 1;
  return end - at - 1;
}
