/**
 * Where one execution of a thread ends and the next begins.
 *
 * The rule: the output of an earlier one is asked for when its heading comes into sight, and what
 * is going on is said until it is there.
 */
import { useEffect } from "preact/hooks";
import { formatAge } from "../../format.ts";
import { useView } from "../../view.ts";
import { AttemptMark } from "../list/origin.tsx";
import { StatusBadge } from "../list/status.tsx";
import type { Transcript } from "./transcript.ts";

/** Milliseconds that a heading must stay: what is only passed by is not asked for. */
const RESTED = 100;

export function PartHeading({ transcript, id }: { transcript: Transcript; id: string }) {
  const { app } = useView();
  const { thread } = transcript;
  const parts = thread.parts.value;
  const later = parts[parts.findIndex(({ executionId }) => executionId === id) + 1];
  // One after the other, from the newest: headings alone would all be in sight at once.
  const ready = later?.shown?.loaded.value ?? false;
  useEffect(() => {
    if (!ready) return;
    const timer = setTimeout(() => thread.open(id), RESTED);
    return () => clearTimeout(timer);
  }, [thread, id, ready]);
  const row = thread.row(id);
  const pane = transcript.paneOf(id);
  const began = row?.startTime ?? row?.createdTime ?? null;
  const now = Date.now() / 1000 + app.store.clockOffset.value;
  return (
    <div class="cw-part" role="heading" aria-level={3}>
      {row && <StatusBadge status={row.status} />}
      <span class="cw-part-query">{row?.query}</span>
      {row && <AttemptMark row={row} />}
      {began !== null && (
        <time class="cw-meta" dateTime={new Date(began * 1000).toISOString()}>
          {formatAge(now - began)}
        </time>
      )}
      {pane && !pane.loaded.value && <span class="cw-meta">Loading…</span>}
      {pane?.error.value && <span class="cw-bad">{pane.error.value}</span>}
    </div>
  );
}
