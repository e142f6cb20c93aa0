/**
 * The history: what has ended, of every project and every kernel of the state folder.
 *
 * The rule: what is shown is what was found; what is done with a row is what a live one offers. It
 * asks once when it is opened, and after something has ended or gone.
 */
import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { formatCount } from "../../format.ts";
import { EVERYTHING } from "../../history/choice.ts";
import { HistoryBulk } from "../../history/deleting.ts";
import { Found } from "../../history/found.ts";
import type { BulkAction } from "../../list/bulk.ts";
import { select, useView, type View } from "../../view.ts";
import { SelectionBar } from "../list/bulk.tsx";
import { ListGrid } from "../list/grid.tsx";
import { useListKeyboard } from "../list/keyboard.ts";
import { ProblemAlert } from "../problem.tsx";
import { HistoryFilters } from "./filters.tsx";
import { HistoryContext, HistoryRowLine, type HistoryState } from "./row.tsx";

const ACTIONS: readonly BulkAction[] = ["rerun", "delete"];
const QUESTIONS: ReadonlyMap<string, BulkAction> = new Map([
  ["r", "rerun"],
  ["Delete", "delete"],
]);

export function History({ search }: { search: RefObject<HTMLInputElement | null> }) {
  const state = useHistory();
  const { found, bulk } = state;
  const keyboard = useListKeyboard(found, { open: state.open, act: (key) => act(state, key) });
  const { count } = found.rows.value;
  return (
    <HistoryContext.Provider value={state}>
      <div class="cw-list cw-history" role="region" aria-label="History">
        <HistoryFilters found={found} search={search} onLeave={keyboard.enter} />
        <Notes found={found} />
        <SelectionBar listing={found} bulk={bulk} actions={ACTIONS} onStarted={state.open} />
        {found.problem.value && <ProblemAlert problem={found.problem.value} />}
        <Told found={found} />
        {count > 0 && (
          <ListGrid
            label="History"
            rows={found.rows.value}
            keyboard={keyboard}
            row={HistoryRowLine}
          />
        )}
        <More found={found} />
      </div>
    </HistoryContext.Provider>
  );
}

/** Kept by the view's model: a reader who comes back finds what was searched for. */
function useHistory(): HistoryState {
  const view = useView();
  const { app } = view;
  const kept = app.ui.kept<Found | null>("history", null);
  const [state] = useState<HistoryState>(() => {
    kept.value ??= new Found(app);
    const found = kept.value;
    const open = (executionId: string) => show(view, found, executionId);
    const resume = (executionId: string) => {
      open(executionId);
      app.ui.toResume.value = executionId;
    };
    const deleted = (ids: readonly string[]) => {
      if (ids.includes(view.selected.peek() ?? "")) select(view, null);
      found.drop(ids);
    };
    const bulk = new HistoryBulk(app, (id) => found.isPinned(id), deleted);
    const pin = (executionId: string) => {
      bulk.problem.value = null;
      void found.pin(executionId, !found.isPinned(executionId));
    };
    return { found, bulk, open, resume, pin };
  });
  useLayoutEffect(() => state.found.follow(), [state]);
  return state;
}

function show(view: View, found: Found, executionId: string): void {
  const row = found.row(executionId)?.peek();
  if (row) view.app.store.recall(row);
  select(view, executionId);
}

/** What asks first is about all that is selected, the other keys about the row of the keyboard. */
function act({ found, bulk, resume, pin }: HistoryState, key: string): boolean {
  const question = QUESTIONS.get(key);
  const { active } = found.selection.peek();
  if (question) bulk.ask(question, found.chosen());
  else if (active === null) return false;
  else if (key === "p") pin(active);
  else if (key === "s" && found.canResume(active)) resume(active);
  else return false;
  return true;
}

function Notes({ found }: { found: Found }) {
  return found.notes.value.map((note) => (
    <div key={note} class="cw-index-note" role="status">
      <span>{note}</span>
      <button type="button" class="cw-button cw-small" onClick={() => found.putAway(note)}>
        OK
      </button>
    </div>
  ));
}

/** How many there are, or why there are none. */
function Told({ found }: { found: Found }) {
  const searching = found.searching.value;
  const total = found.total.value;
  const filtered = found.choice.value !== EVERYTHING;
  if (total === null) {
    const words = searching ? "Looking through the transcripts…" : "";
    return words ? <p class="cw-empty">{words}</p> : null;
  }
  if (total === 0) {
    return (
      <p class="cw-empty" role="status">
        {filtered ? "Nothing in the history matches. " : "Nothing has ended yet."}
        {filtered && (
          <button type="button" class="cw-link" onClick={() => found.choose(EVERYTHING)}>
            Show all
          </button>
        )}
      </p>
    );
  }
  return (
    <p class="cw-history-told cw-meta">
      <span role="status">{formatCount(total, "execution")}</span>
      {searching && " · searching…"}
      {found.stale.value && (
        <button type="button" class="cw-link" onClick={() => found.search()}>
          There is news: show it
        </button>
      )}
    </p>
  );
}

function More({ found }: { found: Found }) {
  if (!found.more.value) return null;
  return (
    <p class="cw-history-more">
      <button
        type="button"
        class="cw-button"
        aria-disabled={found.searching.value}
        onClick={() => found.searchMore()}
      >
        Load more
      </button>
    </p>
  );
}
