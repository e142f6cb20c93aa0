/**
 * The number before the page's title, while executions wait for an answer.
 *
 * The rule: one number for the page, whatever bundles and kernels have widgets on it; the title
 * itself stays its host's, also when the host changes it meanwhile, and is given back as it was.
 */

interface Badge {
  /** Executions that wait, by whoever knows of them. */
  readonly waiting: Map<object, ReadonlySet<string>>;
  /** The host's own title, and what it was last changed to here. */
  title: string;
  shown: string;
  observer: MutationObserver | null;
}

const KEY = Symbol.for("claude-widget.badge");

/** Of the page: bundles of several versions share it. */
function badgeOf(page: object): Badge {
  const holder = page as { [KEY]?: Badge };
  holder[KEY] ??= { waiting: new Map(), title: "", shown: "", observer: null };
  return holder[KEY];
}

/** Says which executions wait for an answer, as far as `source` knows; none takes it back. */
export function setWaiting(source: object, ids: ReadonlySet<string>): void {
  const badge = badgeOf(globalThis);
  if (ids.size > 0) badge.waiting.set(source, ids);
  else badge.waiting.delete(source);
  show(badge);
}

function show(badge: Badge): void {
  const count = new Set([...badge.waiting.values()].flatMap((ids) => [...ids])).size;
  if (document.title !== badge.shown) badge.title = document.title;
  badge.shown = count > 0 ? `(${count}) ${badge.title}` : badge.title;
  if (document.title !== badge.shown) document.title = badge.shown;
  if (count > 0) watch(badge);
  else {
    badge.observer?.disconnect();
    badge.observer = null;
  }
}

/** Hosts give the page another title as their tabs change. */
function watch(badge: Badge): void {
  if (badge.observer) return;
  badge.observer = new MutationObserver(() => {
    if (document.title !== badge.shown) show(badge);
  });
  const changes = { childList: true, subtree: true, characterData: true };
  badge.observer.observe(document.head, changes);
}
