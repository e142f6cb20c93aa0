/**
 * What a reader did to a block (opened it, asked for more of it), kept while it is out of sight.
 *
 * The rule: a block of a long transcript leaves the page when it is scrolled away, and its
 * components with it. State that must survive that is asked for here, by a name within the block.
 */
import { type Signal, signal } from "@preact/signals";
import { type ComponentChildren, createContext } from "preact";
import { useContext, useState } from "preact/hooks";
import { useView } from "../../view.ts";

/** A signal of that name, the same one whenever it is asked for. */
type Keep = (name: string, otherwise: unknown) => Signal<unknown>;
const KeepContext = createContext<Keep | null>(null);

/** The fold that a block has, if it has one. */
export const OPEN = "open";

/** `block` names it among all that the model shows. */
export function KeptBlock({ block, children }: { block: string; children: ComponentChildren }) {
  const { ui } = useView().app;
  const [keep] = useState<Keep>(
    () => (name: string, otherwise: unknown) => ui.kept(`${block} ${name}`, otherwise),
  );
  return <KeepContext.Provider value={keep}>{children}</KeepContext.Provider>;
}

/** As `useState`, for as long as the page lives; outside of a block, for as long as it is drawn. */
export function useKept<T>(name: string, otherwise: T): [T, (value: T) => void] {
  const [alone] = useState(() => signal<unknown>(otherwise));
  const keep = useContext(KeepContext);
  const state = (keep ? keep(name, otherwise) : alone) as Signal<T>;
  return [
    state.value,
    (value) => {
      state.value = value;
    },
  ];
}
