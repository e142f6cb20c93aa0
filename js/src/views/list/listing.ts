/**
 * The listing of the view that something is drawn in, and what is asked about its executions.
 *
 * The rule: made once a view, and told of changes for as long as that is on the page.
 */
import { createContext } from "preact";
import { useContext, useLayoutEffect, useState } from "preact/hooks";
import { Bulk } from "../../list/bulk.ts";
import { Listing } from "../../list/listing.ts";
import { useView } from "../../view.ts";

interface ListState {
  readonly listing: Listing;
  readonly bulk: Bulk;
}

export const ListContext = createContext<ListState | null>(null);

export function useNewList(): ListState {
  const { app } = useView();
  const [state] = useState(() => ({ listing: new Listing(app.store), bulk: new Bulk(app) }));
  useLayoutEffect(() => state.listing.follow(), [state]);
  return state;
}

function useList(): ListState {
  const state = useContext(ListContext);
  if (!state) throw new Error("drawn outside of a list");
  return state;
}

export const useListing = (): Listing => useList().listing;
export const useBulk = (): Bulk => useList().bulk;
