/**
 * Telling the user outside of the widget: the title's badge, and the browser's notifications.
 *
 * The rule: each event once, however many views and models show the execution, and none that was
 * over when the page was loaded. What an agent wrote is plain text here, clipped, and nothing is
 * asked of the browser but by a click.
 */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { clip } from "../format.ts";
import type { ExecutionRow } from "../protocol.ts";
import { isEnded, type RowChange, type Store } from "../store.ts";
import { visibleText } from "../text/visible.ts";
import { announcementOf, type Happening, type Heard, happeningOf } from "./announcement.ts";
import { setWaiting } from "./badge.ts";
import { recall, remember } from "./remembered.ts";

/** Shows an execution to the user. */
type Open = (executionId: string) => void;

const CHOICE = "notify";
const FEW = 3;
const LONG = 120;

/** Whether the user wants to be told; the browser has to allow it as well. */
export const wanted = signal(recall(CHOICE) === "yes");

export const isSupported = (): boolean => typeof Notification === "function";
export const isBlocked = (): boolean => isSupported() && Notification.permission === "denied";

/** By a click only: the browser then asks the user, once. */
export async function choose(on: boolean): Promise<void> {
  let allowed = on && isSupported();
  if (allowed && Notification.permission !== "granted") {
    allowed = (await Notification.requestPermission()) === "granted";
  }
  wanted.value = allowed;
  remember(CHOICE, allowed ? "yes" : "no");
}

/** What one source of rows says of them: a store, or the view of one execution. */
class Teller {
  private waiting: ReadonlySet<string> = new Set();

  constructor(private readonly open: Open) {}

  /** For the badge, which nobody has to ask for. */
  count(changes: readonly RowChange[]): void {
    const waiting = new Set(this.waiting);
    let changed = false;
    for (const { executionId, after } of changes) {
      const waits = after !== undefined && after.requestCount > 0 && !isEnded(after.status);
      if (waits === waiting.has(executionId)) continue;
      changed = true;
      if (waits) waiting.add(executionId);
      else waiting.delete(executionId);
    }
    this.waiting = waiting;
    if (changed) setWaiting(this, waiting);
  }

  tell(changes: readonly RowChange[]): void {
    if (!wanted.peek() || document.visibilityState !== "hidden") return;
    if (!isSupported() || Notification.permission !== "granted") return;
    const heard = changes.flatMap((change) => {
      const happening = happeningOf(change);
      return happening && change.after ? [{ row: change.after, happening }] : [];
    });
    if (heard.length <= FEW) for (const one of heard) this.show(titleOf(one.row), one);
    else this.show(announcementOf(heard), heard[0]);
  }

  stop(): void {
    setWaiting(this, new Set());
  }

  private show(title: string, heard: Heard | undefined): void {
    if (!heard) return;
    const { row, happening } = heard;
    const { executionId } = row;
    try {
      const tag = `claude-widget ${executionId} ${happening}`;
      const notification = new Notification(title, { body: bodyOf(heard), tag });
      notification.onclick = () => {
        window.focus();
        this.open(executionId);
        notification.close();
      };
    } catch {
      // Some browsers allow it to service workers only; the badge tells as well.
    }
  }
}

const plain = (text: string): string => visibleText(clip(text.trim(), LONG));
const titleOf = (row: ExecutionRow): string => plain(row.name || row.query) || "An execution";

const BODIES: Readonly<Record<Happening, string>> = {
  "needs you": "Needs your answer",
  "waits for input": "Waits for your input",
  completed: "Completed",
  failed: "Failed",
  killed: "Was killed",
};

function bodyOf({ row, happening }: Heard): string {
  const error = happening === "failed" && row.error ? `: ${plain(row.error)}` : "";
  return `${BODIES[happening]}${error}`;
}

const followed = new Map<Store, { readonly openers: Set<Open>; readonly stop: () => void }>();

/** Tells of all that a manager's store says, once for all its dashboards. */
export function followStore(store: Store, open: Open, abort: AbortSignal): void {
  const entry = followed.get(store) ?? beginToFollow(store);
  entry.openers.add(open);
  abort.addEventListener("abort", () => {
    entry.openers.delete(open);
    if (entry.openers.size > 0) return;
    entry.stop();
    followed.delete(store);
  });
}

function beginToFollow(store: Store) {
  const openers = new Set<Open>();
  const teller = new Teller((executionId) => {
    for (const open of openers) open(executionId);
  });
  const unfollow = store.onChange((changes) => {
    teller.count(changes);
    teller.tell(changes);
  });
  const stop = () => {
    unfollow();
    teller.stop();
  };
  const entry = { openers, stop };
  followed.set(store, entry);
  return entry;
}

/** Which of the views of one execution tells of it. */
const tellers = new Map<string, Teller>();

/** Tells of one execution, unless its manager's dashboard is on the page and does so. */
export function followRow(
  row: ReadonlySignal<ExecutionRow>,
  store: Store,
  open: Open,
  abort: AbortSignal,
): void {
  const teller = new Teller(open);
  let before: ExecutionRow | undefined;
  const stop = effect(() => {
    const after = row.value;
    const { executionId } = after;
    const change = [{ executionId, before, after }];
    before = after;
    teller.count(change);
    if (!tellers.has(executionId)) tellers.set(executionId, teller);
    if (tellers.get(executionId) === teller && !followed.has(store)) teller.tell(change);
  });
  abort.addEventListener("abort", () => {
    stop();
    teller.stop();
    const { executionId } = row.peek();
    if (tellers.get(executionId) === teller) tellers.delete(executionId);
  });
}
