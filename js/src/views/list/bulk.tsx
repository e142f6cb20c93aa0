/**
 * What is selected, what can be done with it, and the question before that is done.
 *
 * The rule: there only while something is selected or asked. The question says how many, and the
 * key that is pressed without a look at it does nothing.
 */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { clip, formatCount } from "../../format.ts";
import type { Asked, Bulk, BulkAction } from "../../list/bulk.ts";
import type { Selecting } from "../../list/selecting.ts";
import { selectAll } from "../../list/selection.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { isEnded } from "../../store.ts";
import { useView } from "../../view.ts";
import { Dialog } from "../dialog.tsx";
import { ProblemAlert } from "../problem.tsx";
import { Visible } from "../text/visible.tsx";

interface SelectionBarProps {
  readonly listing: Selecting;
  readonly bulk: Bulk;
  /** What can be done with executions of that list. */
  readonly actions: readonly BulkAction[];
  /** Further ones. */
  readonly more?: ComponentChildren;
  /** Called with the one that was started, if it is but one. */
  readonly onStarted: (executionId: string) => void;
}

export function SelectionBar({ onStarted, ...shown }: SelectionBarProps) {
  const { listing, bulk } = shown;
  const size = listing.selection.value.selected.size;
  const asked = bulk.asked.value;
  const confirm = async () => {
    listing.clearSelection();
    const [first, ...others] = await bulk.confirm();
    if (first !== undefined && others.length === 0) onStarted(first);
  };
  return (
    <>
      {size > 0 && <SelectionTools size={size} {...shown} />}
      {bulk.problem.value && <ProblemAlert problem={bulk.problem.value} />}
      {asked && (
        <Question asked={asked} onCancel={() => bulk.cancel()} onConfirm={() => void confirm()} />
      )}
    </>
  );
}

type SelectionToolsProps = Omit<SelectionBarProps, "onStarted"> & { readonly size: number };

function SelectionTools({ size, listing, bulk, actions, more }: SelectionToolsProps) {
  const shown = listing.places.count;
  return (
    <fieldset class="cw-selection" aria-label="Selected executions">
      <span class="cw-selected-count">{`${size} selected`}</span>
      {actions.map((action) => (
        <ActionButton
          key={action}
          action={action}
          onPress={() => bulk.ask(action, listing.chosen())}
        />
      ))}
      {more}
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

const NAMES: Readonly<Record<BulkAction, string>> = {
  kill: "Kill",
  rerun: "Re-run",
  delete: "Delete",
};

interface ActionButtonProps {
  readonly action: BulkAction;
  readonly onPress: () => void;
  /** -1 to leave it out of the way of the Tab key. */
  readonly tabIndex?: number;
}

/** It asks before anything is done. */
export function ActionButton({ action, onPress, tabIndex = 0 }: ActionButtonProps) {
  const gone = useView().app.connection.state.value === "disconnected";
  return (
    <button
      type="button"
      class={action === "rerun" ? "cw-button" : "cw-button cw-danger"}
      tabIndex={tabIndex}
      aria-disabled={gone}
      onClick={() => !gone && onPress()}
    >
      {`${NAMES[action]}…`}
    </button>
  );
}

interface QuestionProps {
  readonly asked: Asked;
  readonly onCancel: () => void;
  readonly onConfirm: () => void;
}

function Question({ asked, onCancel, onConfirm }: QuestionProps) {
  const cancel = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => cancel.current?.focus(), []);
  const what = titleOf(asked);
  return (
    <Dialog title={`${what}?`} onClose={onCancel}>
      <Names rows={asked.rows} />
      {asked.others > 0 && <p class="cw-hint">{othersOf(asked)}</p>}
      {asked.action === "delete" && (
        <p class="cw-hint">
          {asked.rows.length === 1 ? "Its transcript is" : "Their transcripts are"} removed for
          good.
        </p>
      )}
      <div class="cw-dialog-buttons">
        <button type="button" class="cw-button" ref={cancel} onClick={onCancel}>
          Cancel
        </button>
        <button
          type="button"
          class={asked.action === "rerun" ? "cw-button cw-primary" : "cw-button cw-danger"}
          onClick={onConfirm}
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

function othersOf({ action, others }: Asked): string {
  if (action === "kill") return `${others} of the selected ended already.`;
  return others === 1
    ? "1 of the selected is pinned and stays."
    : `${others} of the selected are pinned and stay.`;
}

const NAMED = 5;

/** The first few, so that a look tells whether they are the right ones. */
function Names({ rows }: { rows: readonly ExecutionRow[] }) {
  const more = rows.length - NAMED;
  return (
    <ul class="cw-names">
      {rows.slice(0, NAMED).map((row) => (
        <li key={row.executionId}>
          <Visible text={clip(row.name ?? (row.query.trim() || "(no query)"), 80)} as="line" />
          {isEnded(row.status) && <span class="cw-meta"> {row.status}</span>}
        </li>
      ))}
      {more > 0 && <li class="cw-meta">{`and ${more} more`}</li>}
    </ul>
  );
}
