/**
 * What is selected, what can be done with it, and the question before that is done.
 *
 * The rule: there only while something is selected or asked. The question says how many, and the
 * key that is pressed without a look at it does nothing.
 */
import { useLayoutEffect, useRef } from "preact/hooks";
import { clip, formatCount } from "../../format.ts";
import type { Asked, BulkAction } from "../../list/bulk.ts";
import { selectAll } from "../../list/selection.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { isEnded } from "../../store.ts";
import { select, useView } from "../../view.ts";
import { Dialog } from "../dialog.tsx";
import { ProblemAlert } from "../problem.tsx";
import { useBulk, useListing } from "./listing.ts";

export function SelectionBar() {
  const listing = useListing();
  const bulk = useBulk();
  const size = listing.selection.value.selected.size;
  return (
    <>
      {size > 0 && <SelectionTools size={size} />}
      {bulk.problem.value && <ProblemAlert problem={bulk.problem.value} />}
      {bulk.asked.value && <Question asked={bulk.asked.value} />}
    </>
  );
}

function SelectionTools({ size }: { size: number }) {
  const listing = useListing();
  const shown = listing.rows.value.count;
  return (
    <fieldset class="cw-selection" aria-label="Selected executions">
      <span class="cw-selected-count">{`${size} selected`}</span>
      <ActionButton action="kill" />
      <ActionButton action="rerun" />
      {size < shown && (
        <button
          type="button"
          class="cw-link"
          onClick={() => {
            listing.selection.value = selectAll(listing.selection.value, listing.places);
          }}
        >
          {`Select all ${shown}`}
        </button>
      )}
      <button type="button" class="cw-link" onClick={() => listing.clearSelection()}>
        Select none
      </button>
    </fieldset>
  );
}

const NAMES: Readonly<Record<BulkAction, string>> = { kill: "Kill", rerun: "Re-run" };

function ActionButton({ action }: { action: BulkAction }) {
  const { app } = useView();
  const listing = useListing();
  const bulk = useBulk();
  const gone = app.connection.state.value === "disconnected";
  return (
    <button
      type="button"
      class={action === "kill" ? "cw-button cw-danger" : "cw-button"}
      aria-disabled={gone}
      onClick={() => !gone && bulk.ask(action, listing.chosen())}
    >
      {`${NAMES[action]}…`}
    </button>
  );
}

function Question({ asked }: { asked: Asked }) {
  const view = useView();
  const bulk = useBulk();
  const listing = useListing();
  const cancel = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => cancel.current?.focus(), []);
  const what = titleOf(asked);
  const confirm = async () => {
    listing.clearSelection();
    const [first, ...others] = await bulk.confirm();
    if (first !== undefined && others.length === 0) select(view, first);
  };
  return (
    <Dialog title={`${what}?`} onClose={() => bulk.cancel()}>
      <Names rows={asked.rows} />
      {asked.ended > 0 && <p class="cw-hint">{`${asked.ended} of the selected ended already.`}</p>}
      <div class="cw-dialog-buttons">
        <button type="button" class="cw-button" ref={cancel} onClick={() => bulk.cancel()}>
          Cancel
        </button>
        <button
          type="button"
          class={asked.action === "kill" ? "cw-button cw-danger" : "cw-button cw-primary"}
          onClick={() => void confirm()}
        >
          {what}
        </button>
      </div>
    </Dialog>
  );
}

function titleOf({ action, rows }: Asked): string {
  return `${NAMES[action]} ${formatCount(rows.length, "execution")}`;
}

const NAMED = 5;

/** The first few, so that a look tells whether they are the right ones. */
function Names({ rows }: { rows: readonly ExecutionRow[] }) {
  const more = rows.length - NAMED;
  return (
    <ul class="cw-names">
      {rows.slice(0, NAMED).map((row) => (
        <li key={row.executionId}>
          {clip(row.name ?? (row.query.trim() || "(no query)"), 80)}
          {isEnded(row.status) && <span class="cw-meta"> {row.status}</span>}
        </li>
      ))}
      {more > 0 && <li class="cw-meta">{`and ${more} more`}</li>}
    </ul>
  );
}
