/**
 * An execution's status as colour, shape and word, and its duration.
 *
 * The rule: never by colour alone; the shapes differ, and the word is always there.
 */

import { formatDuration } from "../../format.ts";
import { useNow } from "../../page/clock.ts";
import type { ExecutionRow, ExecutionStatus } from "../../protocol.ts";
import { isEnded } from "../../store.ts";
import { useView } from "../../view.ts";

/** Paths in a box of 16 by 16. */
const SHAPES: Readonly<Record<ExecutionStatus, string>> = {
  pending: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 5v3.2l2.2 1.3",
  running: "M5 3.2v9.6L12.5 8z",
  completed: "M3 8.4l3.4 3.4L13 5",
  failed: "M4 4l8 8M12 4l-8 8",
  killed: "M4 4h8v8H4z",
};

export interface StatusBadgeProps {
  readonly status: ExecutionStatus;
  /** The word only for those who hear the page; it is the tooltip then. */
  readonly compact?: boolean;
}

export function StatusBadge({ status, compact = false }: StatusBadgeProps) {
  return (
    <span class={`cw-status cw-status-${status}`} title={compact ? status : undefined}>
      <svg class="cw-shape" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <title />
        <path d={SHAPES[status]} />
      </svg>
      {compact ? <span class="cw-unseen">{status}</span> : status}
    </span>
  );
}

export function Duration({ row }: { row: ExecutionRow }) {
  const { store } = useView().app;
  const { startTime, endTime } = row;
  const ticking = startTime !== null && endTime === null && !isEnded(row.status);
  const now = useNow(ticking);
  if (startTime === null || (endTime === null && !ticking)) return null;
  // The tick may be a second old, and the clocks may differ by less than the offset corrects.
  const end = endTime ?? Math.max(startTime, now + store.clockOffset.value);
  return (
    <time class="cw-duration" title="Duration" dateTime={`PT${Math.floor(end - startTime)}S`}>
      {formatDuration(end - startTime)}
    </time>
  );
}
