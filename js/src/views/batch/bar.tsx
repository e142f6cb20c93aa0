/**
 * How many of many executions are done with, as a bar.
 *
 * The rule: each part of it stands in words beside it as well.
 */
import { type Counts, doneOf, STATUSES } from "../../batch/figures.ts";

interface BarProps {
  readonly counts: Counts;
  /** How wide the bar is, as a number of executions. */
  readonly all: number;
  /** Null while nobody knows. */
  readonly total: number | null;
  readonly label: string;
  readonly said: string;
}

export function Bar({ counts, all, total, label, said }: BarProps) {
  return (
    <div
      class="cw-batch-bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={total ?? undefined}
      aria-valuenow={total === null ? undefined : doneOf(counts)}
      aria-valuetext={said}
      title={said}
    >
      {STATUSES.map(
        (status) =>
          counts[status] > 0 && (
            <span
              key={status}
              class={`cw-batch-part cw-batch-${status}`}
              style={{ width: `${(100 * counts[status]) / Math.max(1, all)}%` }}
            />
          ),
      )}
    </div>
  );
}
