/**
 * Tabs, and the panel of the one in front.
 *
 * The rule: as the ARIA practices describe them: one stop for Tab, arrows between them, Home and End.
 */

import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { formatNumber } from "../format.ts";

export interface TabName {
  readonly id: string;
  readonly label: string;
  /** Said beside the label. */
  readonly count?: number;
}

interface TabsProps {
  readonly tabs: readonly TabName[];
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
  /** Begins the ids of the elements, which are of the whole page. */
  readonly prefix: string;
  readonly label: string;
}

export function Tabs({ tabs, chosen, onChoose, prefix, label }: TabsProps) {
  const bar = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ id }) => id === chosen);
    const next = tabs[placeFor(event.key, at, tabs.length)];
    if (!next) return;
    event.preventDefault();
    onChoose(next.id);
    bar.current?.querySelector<HTMLElement>(`#${prefix}-tab-${next.id}`)?.focus();
  };
  return (
    <div class="cw-tabs" role="tablist" aria-label={label} ref={bar} onKeyDown={onKeyDown}>
      {tabs.map(({ id, label: text, count }) => (
        <button
          key={id}
          type="button"
          role="tab"
          class="cw-tab"
          id={`${prefix}-tab-${id}`}
          aria-selected={id === chosen}
          aria-controls={`${prefix}-panel-${id}`}
          tabIndex={id === chosen ? 0 : -1}
          onClick={() => onChoose(id)}
        >
          {text}
          {count !== undefined && <span class="cw-meta"> {formatNumber(count)}</span>}
        </button>
      ))}
    </div>
  );
}

function placeFor(key: string, at: number, count: number): number {
  if (key === "ArrowRight") return (at + 1) % count;
  if (key === "ArrowLeft") return (at + count - 1) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : -1;
}

interface TabPanelProps {
  readonly id: string;
  readonly prefix: string;
  readonly hidden?: boolean;
  /** There are no tabs to choose from. */
  readonly alone?: boolean;
  readonly children: ComponentChildren;
}

export function TabPanel({ id, prefix, hidden = false, alone = false, children }: TabPanelProps) {
  const named = { role: "tabpanel", "aria-labelledby": `${prefix}-tab-${id}` } as const;
  return (
    <div class="cw-panel" id={`${prefix}-panel-${id}`} hidden={hidden} {...(!alone && named)}>
      {children}
    </div>
  );
}
