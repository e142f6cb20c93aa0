/**
 * What did not complete, grouped by reason, each with an example.
 *
 * The rule: a click shows the rows of a reason in the table, a second one all rows again.
 */
import { failureText } from "../../batch/figures.ts";
import { ALL_ROWS, type BatchTable } from "../../batch/table.ts";
import type { BatchFailure, BatchProgress } from "../../protocol.ts";
import { StatusBadge } from "../list/status.tsx";
import { Visible } from "../text/visible.tsx";

interface FailuresProps {
  readonly progress: BatchProgress;
  readonly table: BatchTable;
}

export function Failures({ progress, table }: FailuresProps) {
  if (progress.failures.length === 0) return null;
  return (
    <ul class="cw-batch-failures" aria-label="Failures by reason">
      {progress.failures.map((failure) => (
        <li key={`${failure.status} ${failure.reason}`}>
          <Group failure={failure} table={table} />
        </li>
      ))}
    </ul>
  );
}

function Group({ failure, table }: { failure: BatchFailure; table: BatchTable }) {
  const { reason, row, error } = failure;
  const chosen = table.choice.value.reason === reason;
  return (
    <>
      <button
        type="button"
        class="cw-filter"
        aria-label={failureText(failure)}
        aria-pressed={chosen}
        title={chosen ? "Show all rows" : "Show these rows"}
        onClick={() => table.choose(chosen ? ALL_ROWS : { ...ALL_ROWS, filter: "failed", reason })}
      >
        <StatusBadge status={failure.status} compact />
        {failureText(failure)}
      </button>
      <span class="cw-batch-example">
        {`${failure.rows > 1 ? "such as " : ""}row ${row}${error ? ": " : ""}`}
        <Visible text={error} as="line" />
      </span>
    </>
  );
}
