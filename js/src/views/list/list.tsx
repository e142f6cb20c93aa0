/**
 * The list of the executions that the kernel's manager knows.
 *
 * The rule: what is above the grid, and what there is where that is empty.
 */
import type { RefObject } from "preact";
import type { BulkAction } from "../../list/bulk.ts";
import { panels } from "../../parts/panelspart.ts";
import { select, useView } from "../../view.ts";
import { Fetched } from "../fetched.tsx";
import { SelectionBar } from "./bulk.tsx";
import { FilterBar } from "./filters.tsx";
import { ListGrid } from "./grid.tsx";
import { useListKeyboard } from "./keyboard.ts";
import { useBulk, useListing } from "./listing.ts";
import { Row } from "./row.tsx";

const ACTIONS: readonly BulkAction[] = ["kill", "rerun"];

export function ExecutionList({ search }: { search: RefObject<HTMLInputElement | null> }) {
  const view = useView();
  const { store } = view.app;
  const listing = useListing();
  const bulk = useBulk();
  const queueKey = (key: string) =>
    panels.value.peek()?.queueKey(view.app, key, listing.chosen()) ?? false;
  const keyboard = useListKeyboard(listing, {
    open: (id) => select(view, id),
    act: (key) => {
      const action = key === "k" ? "kill" : key === "r" ? "rerun" : null;
      if (action) bulk.ask(action, listing.chosen());
      return action !== null || queueKey(key);
    },
  });
  const known = store.welcome.value !== null;
  const { all, queued } = listing.counts.value;
  const queue = store.queue.value;
  const { count } = listing.rows.value;
  return (
    <div class="cw-list" role="region" aria-label="Executions">
      {(queued > 0 || queue?.pause || (queue && queue.taken > 0)) && (
        <Fetched quiet draw={({ QueueBar }) => <QueueBar />} />
      )}
      {all > 0 && <FilterBar search={search} onLeave={keyboard.enter} />}
      <SelectionBar
        listing={listing}
        bulk={bulk}
        actions={ACTIONS}
        onStarted={(id) => select(view, id)}
        more={<Fetched quiet draw={({ QueueSelected }) => <QueueSelected />} />}
      />
      {all === 0 && <p class="cw-empty">{known ? "No executions yet." : "Asking the kernel…"}</p>}
      {all > 0 && count === 0 && <NoMatch />}
      {count > 0 && (
        <ListGrid label="Executions" rows={listing.rows.value} keyboard={keyboard} row={Row} />
      )}
    </div>
  );
}

function NoMatch() {
  const listing = useListing();
  const showAll = () => listing.choose({ filter: "all", search: "" });
  return (
    <p class="cw-empty">
      No execution matches.{" "}
      <button type="button" class="cw-link" onClick={showAll}>
        Show all
      </button>
    </p>
  );
}
