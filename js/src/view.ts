/**
 * What each part of a view can reach: its app, and which execution it looks at.
 *
 * The rule: handed down by context, so that several widgets on a page stay apart.
 */
import type { Signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { App } from "./app.ts";

export interface View {
  readonly app: App;
  readonly selected: Signal<string | null>;
}

export const ViewContext = createContext<View | null>(null);

export function useView(): View {
  const view = useContext(ViewContext);
  if (!view) throw new Error("drawn outside of a view");
  return view;
}

export function select(view: View, executionId: string | null): void {
  view.selected.value = executionId;
  view.app.ui.lastSelected.value = executionId;
}
