/**
 * The sizes that a browser would work out: this document has no layout.
 *
 * The rule: only what src/list looks at has a size. Boxes that scroll are as high as they are said to
 * be, rows too, and what scrolls stays within its content.
 */
import { onTestFinished } from "vitest";

export interface Layout {
  /** Pixels of every box that scrolls; 0 for a page that is hidden. */
  height: number;
  /** Pixels of a row, by its key. */
  row: (key: string) => number;
}

class FakeResizeObserver {
  static readonly all = new Set<FakeResizeObserver>();
  readonly targets = new Set<Element>();

  constructor(readonly callback: (entries: object[]) => void) {
    FakeResizeObserver.all.add(this);
  }
  observe(target: Element): void {
    this.targets.add(target);
  }
  unobserve(target: Element): void {
    this.targets.delete(target);
  }
  disconnect(): void {
    FakeResizeObserver.all.delete(this);
  }
}

const places = new WeakMap<Element, number>();

/** Of all sizes, until the test has ended; the page tells of a change with `resized()`. */
export function layOut(layout: Layout): void {
  const whole = (box: Element) =>
    Number.parseFloat((box.firstElementChild as HTMLElement | null)?.style.height || "0");
  define("clientHeight", (box) => (layout.height === 0 ? 0 : Math.min(layout.height, whole(box))));
  define("clientWidth", () => (layout.height === 0 ? 0 : 400));
  define("scrollHeight", (box) => Math.max(whole(box), box.clientHeight));
  define(
    "scrollTop",
    (box) => places.get(box) ?? 0,
    (box, top) => {
      const place = Math.max(0, Math.min(top, box.scrollHeight - box.clientHeight));
      if (place === (places.get(box) ?? 0)) return;
      places.set(box, place);
      // As in a browser, the event comes later than what is done in one go.
      queueMicrotask(() => box.dispatchEvent(new Event("scroll")));
    },
  );
  const rect = HTMLElement.prototype.getBoundingClientRect;
  HTMLElement.prototype.getBoundingClientRect = function (this: HTMLElement) {
    return { ...rect.call(this), height: layout.row(this.dataset.key ?? "") } as DOMRect;
  };
  const observer = globalThis.ResizeObserver;
  for (const place of [globalThis, window]) place.ResizeObserver = FakeResizeObserver as never;
  onTestFinished(() => {
    HTMLElement.prototype.getBoundingClientRect = rect;
    for (const place of [globalThis, window]) place.ResizeObserver = observer;
    for (const name of DEFINED) Reflect.deleteProperty(HTMLElement.prototype, name);
    FakeResizeObserver.all.clear();
  });

  function define(
    name: (typeof DEFINED)[number],
    get: (element: HTMLElement) => number,
    set: (element: HTMLElement, value: number) => void = () => {},
  ): void {
    Object.defineProperty(HTMLElement.prototype, name, {
      configurable: true,
      get(this: HTMLElement) {
        return get(this);
      },
      set(this: HTMLElement, value: number) {
        set(this, value);
      },
    });
  }
}

const DEFINED = ["clientHeight", "clientWidth", "scrollHeight", "scrollTop"] as const;

/** The box is put elsewhere in the page: it is at its start then, which no scroll and no size tell. */
export function moved(box: Element): void {
  places.delete(box);
}

/** The next frame after that: what is animated in it begins anew. */
export function placed(element: Element): void {
  element.dispatchEvent(new Event("animationstart", { bubbles: true }));
}

/** What the browser would tell of all sizes that it watches. */
export function resized(): void {
  for (const { callback, targets } of [...FakeResizeObserver.all]) {
    const entries = [...targets].map((target) => {
      const blockSize = (target as HTMLElement).getBoundingClientRect().height;
      return { target, borderBoxSize: [{ blockSize, inlineSize: 400 }] };
    });
    callback(entries);
  }
}
