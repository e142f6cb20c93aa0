/**
 * A long list of which only what can be seen is in the page.
 *
 * The rule: it places rows and keeps the focus; what a row shows is its drawer's. Rows lie in the
 * normal flow, so that one which grows pushes those below it at once. What must outlive a row that
 * is scrolled out of sight (what was typed or opened) is no state of the row.
 */
import { Component, type ComponentChildren, type HTMLAttributes } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { ListView, type ListViewOptions, type Rows } from "../list/listview.ts";

export function useListView(options?: ListViewOptions): ListView {
  const [list] = useState(() => new ListView(options));
  return list;
}

export interface VirtualListProps {
  readonly list: ListView;
  /** The same object for as long as the rows are the same. */
  readonly rows: Rows;
  /** The same function for as long as it draws the same: a row is drawn when its place changes. */
  readonly draw: (key: string, index: number) => ComponentChildren;
  /** Of the element that scrolls: class, role, name and so on. */
  readonly box: HTMLAttributes<HTMLDivElement> & { readonly class: string };
}

export function VirtualList({ list, rows, draw, box }: VirtualListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const sizer = useRef<HTMLDivElement>(null);
  const place = useRef<HTMLDivElement>(null);
  void list.changed.value;
  list.setRows(rows);
  const drawn = list.draw();
  useLayoutEffect(() => {
    if (scroller.current && sizer.current) return list.mount(scroller.current, sizer.current);
  }, [list]);
  useLayoutEffect(() => list.commit());
  const keepFocus = useKeptFocus(list, place);
  return (
    <div {...box} class={`cw-virtual ${box.class}`} ref={scroller} {...keepFocus}>
      <div class="cw-virtual-all" role="presentation" ref={sizer}>
        <div
          class="cw-virtual-drawn"
          role="presentation"
          ref={place}
          style={{ top: `${drawn.start}px` }}
        >
          {drawn.rows.map(({ key, index, apart }) => (
            <Slot
              key={key}
              name={key}
              index={index}
              top={apart === null ? null : apart - drawn.start}
              draw={draw}
              measure={list.measure}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

interface SlotProps {
  readonly name: string;
  readonly index: number;
  readonly top: number | null;
  readonly draw: VirtualListProps["draw"];
  readonly measure: (element: HTMLElement | null) => void;
}

/** A row's place. */
class Slot extends Component<SlotProps> {
  override shouldComponentUpdate(next: SlotProps): boolean {
    const { index, top, draw } = this.props;
    return next.index !== index || next.top !== top || next.draw !== draw;
  }

  override render({ name, index, top, draw, measure }: SlotProps) {
    return (
      <div
        class={top === null ? "cw-virtual-row" : "cw-virtual-row cw-virtual-apart"}
        role="presentation"
        style={top === null ? {} : { top: `${top}px` }}
        data-index={index}
        data-key={name}
        ref={measure}
      >
        {draw(name, index)}
      </div>
    );
  }
}

/** The focused row stays in the page; and a row that is moved within the list keeps the focus. */
function useKeptFocus(list: ListView, place: { readonly current: HTMLElement | null }) {
  const before = focusIn(place.current);
  useLayoutEffect(() => {
    if (before?.isConnected && nothingFocused(before)) before.focus({ preventScroll: true });
  });
  return {
    onFocusIn: (event: FocusEvent) => list.pin(rowAround(event.target as Element, place.current)),
    onFocusOut: (event: FocusEvent) => {
      // Without a next element the row may only be on its way to another place.
      if (event.relatedTarget) list.pin(null);
    },
  };
}

/** The key of the list's own row: rows may have lists in them. */
function rowAround(element: Element, place: HTMLElement | null): string | null {
  let at: Element | null = element;
  while (at && at.parentElement !== place) at = at.parentElement;
  return at instanceof HTMLElement ? (at.dataset.key ?? null) : null;
}

/** Widgets may be in a shadow root, whose host is all that the document says of it. */
const rootOf = (element: Element) => element.getRootNode() as Document | ShadowRoot;

function focusIn(place: HTMLElement | null): HTMLElement | null {
  const active = place && rootOf(place).activeElement;
  return active instanceof HTMLElement && place?.contains(active) ? active : null;
}

function nothingFocused(element: Element): boolean {
  const active = rootOf(element).activeElement;
  return active === null || active === element.ownerDocument.body;
}
