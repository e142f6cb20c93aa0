/**
 * What an execution was asked, in one line above its output.
 *
 * The rule: the whole of it stands in the transcript; here is enough to know which one it is, and
 * the rest of what the row has when asked for.
 */
import { useState } from "preact/hooks";
import type { ExecutionRow } from "../../protocol.ts";

/** Shorter ones fit into the line, nearly always. */
const SHORT = 80;

export function QueryLine({ row }: { row: ExecutionRow }) {
  const [open, setOpen] = useState(false);
  const long = row.query.length > SHORT || row.query.includes("\n");
  return (
    <div class="cw-query-line">
      <span class={open ? "cw-query-open" : "cw-query-short"}>
        {row.name && <b class="cw-name">{row.name}</b>}
        {row.query}
      </span>
      {long && (
        <button
          type="button"
          class="cw-link"
          aria-expanded={open}
          aria-label={open ? "Show one line of the query" : "Show more of the query"}
          onClick={() => setOpen(!open)}
        >
          {open ? "less" : "more"}
        </button>
      )}
    </div>
  );
}
