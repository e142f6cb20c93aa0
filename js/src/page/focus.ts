/**
 * The focus is never lost to a change of the page.
 *
 * The rule: when what has the focus is taken away or cannot have it any more, and nobody else has
 * got it, the nearest thing around it that still stands gets it. What a reader left is left alone.
 */

/** Watches one widget until the signal is aborted. */
export function keepFocus(host: HTMLElement, abort: AbortSignal): void {
  let path: readonly HTMLElement[] = [];
  const restore = () => {
    const [last] = path;
    if (!last || holdsFocus(last) || !isFocusLost(host)) return;
    const next = [...path.slice(1), host].find(
      (element) => host.contains(element) && take(element, host),
    );
    if (!next) path = [];
  };
  host.addEventListener(
    "focusin",
    () => {
      // Not the event's target: one that hands the focus on is told of it last.
      const { activeElement } = host.getRootNode() as Document | ShadowRoot;
      path = activeElement instanceof HTMLElement ? pathTo(activeElement, host) : [];
    },
    { signal: abort },
  );
  host.addEventListener(
    "focusout",
    (event) => {
      // Whether it was left or taken away shows once the change is made.
      const target = event.target as HTMLElement;
      queueMicrotask(() => {
        if (target === path[0] && holdsFocus(target)) path = [];
        else restore();
      });
    },
    { signal: abort },
  );
  const observer = new MutationObserver(restore);
  const attributeFilter = ["disabled", "hidden"];
  observer.observe(host, { childList: true, subtree: true, attributes: true, attributeFilter });
  abort.addEventListener("abort", () => observer.disconnect());
}

function pathTo(element: HTMLElement, host: HTMLElement): HTMLElement[] {
  const path: HTMLElement[] = [];
  for (let at: HTMLElement | null = element; at && at !== host; at = at.parentElement)
    path.push(at);
  return path;
}

/** Whether it is there and could have the focus. */
function holdsFocus(element: HTMLElement): boolean {
  return (
    element.isConnected && !element.matches(":disabled") && element.closest("[hidden]") === null
  );
}

/** Nobody has it: what the page says then is its body, or the host of a shadow root. */
function isFocusLost(host: HTMLElement): boolean {
  const root = host.getRootNode() as Document | ShadowRoot;
  const { activeElement } = root;
  if (activeElement && activeElement !== host.ownerDocument.body) {
    return activeElement instanceof HTMLElement && !holdsFocus(activeElement);
  }
  const outer = host.ownerDocument.activeElement;
  return outer === null || outer === host.ownerDocument.body;
}

/**
 * Things around that stand for themselves; a region is made to take it, and says its name then. The
 * host is the last of them: from there the Tab key goes on within the widget.
 */
function take(element: HTMLElement, host: HTMLElement): boolean {
  if (!holdsFocus(element)) return false;
  if (!element.hasAttribute("tabindex")) {
    if (element !== host && !element.matches("[role=region], dialog")) return false;
    element.tabIndex = -1;
  }
  element.focus({ preventScroll: true });
  return true;
}
