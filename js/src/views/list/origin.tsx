/**
 * Where an execution's content comes from: that it is a further attempt, that it was replayed, and
 * that its recording is stale.
 *
 * The rule: a mark where there is little room, and the same in words where there is more; the words
 * never hang on a pointer that stands still.
 */
import { formatMoment } from "../../format.ts";
import type { ExecutionRow } from "../../protocol.ts";

const STALE = "the cell or call that made it asks for something else by now";

function replayed(row: ExecutionRow): string {
  const when = row.recordedTime === null ? "" : ` of ${formatMoment(row.recordedTime)}`;
  return `Replayed from a recording${when}: nothing ran, and nothing was charged.`;
}

/** Which attempt it is, where it is not the first one. */
export function AttemptMark({ row: { attempt, attemptOf } }: { row: ExecutionRow }) {
  return attempt && attemptOf ? (
    <span
      class="cw-tag"
      title={`A further attempt of ${attemptOf}; its output shows the first attempt above it`}
    >{`attempt ${attempt}`}</span>
  ) : null;
}

/** Tags beside the status. */
export function OriginMarks({ row }: { row: ExecutionRow }) {
  return (
    <>
      <AttemptMark row={row} />
      {row.recorded && (
        <span class="cw-tag" title={replayed(row)}>
          replayed
        </span>
      )}
      {row.stale && (
        <span class="cw-tag" title={`Stale: ${STALE}`}>
          stale
        </span>
      )}
    </>
  );
}

/** The same in words. */
export function OriginText({ row }: { row: ExecutionRow }) {
  if (!row.recorded && !row.stale) return null;
  return (
    <div class="cw-meta cw-origin">
      {row.recorded && <p>{replayed(row)}</p>}
      {row.stale && (
        <p>
          Stale: {STALE}. <code>manager.stale()</code> says what differs.
        </p>
      )}
    </div>
  );
}
