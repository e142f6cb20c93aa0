/**
 * What each part of a view can reach: its app, and which execution it looks at.
 *
 * The rule: handed down by context, so that several widgets on a page stay apart.
 */
import type { Signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext, useState } from "preact/hooks";
import type { App } from "./app.ts";
import type { Pane } from "./pane/pane.ts";

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

/** The pane whose blocks are drawn, so that any of them knows its execution and its facts. */
export const PaneContext = createContext<Pane | null>(null);

export function usePane(): Pane {
  const pane = useContext(PaneContext);
  if (!pane) throw new Error("drawn outside of a pane");
  return pane;
}

/** An id for a field. Preact's `useId` gives the same ones in every widget of a page. */
export function useFieldId(): string {
  const [id] = useState(() => `cw-${Math.random().toString(36).slice(2)}`);
  return id;
}

export function select(view: View, executionId: string | null): void {
  view.selected.value = executionId;
  view.app.ui.lastSelected.value = executionId;
}

/** Shows what was started, unless the reader has gone to another one while the kernel answered. */
export function selecting(view: View): (executionId: string) => void {
  const before = view.selected.peek();
  return (executionId) => {
    if (view.selected.peek() === before) select(view, executionId);
  };
}
