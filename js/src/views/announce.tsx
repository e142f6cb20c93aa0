/**
 * The page's one voice for screen readers.
 *
 * The rule: polite, and at most once in a while, so that many ends are one sentence. Of several
 * views of the same executions only the first speaks.
 */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { announcementOf, type Heard, happeningOf } from "../announcement.ts";
import type { RowChange, Store } from "../store.ts";
import { useView } from "../view.ts";

/** So many milliseconds from the first change to the sentence about all of them. */
export const GATHER_MS = 1000;
/** How long a sentence stays: the same one once more is heard only when it was gone. */
const KEEP_MS = 5000;

const speakers = new WeakMap<Store, symbol>();

export function Announcements() {
  const { app } = useView();
  const text = useSignal("");
  useEffect(() => {
    const voice = new Voice((said) => {
      text.value = said;
    });
    const me = Symbol("speaker");
    const stop = app.store.onChange((changes) => {
      if (!speakers.has(app.store)) speakers.set(app.store, me);
      if (speakers.get(app.store) === me) voice.hear(changes);
    });
    return () => {
      stop();
      voice.stop();
      if (speakers.get(app.store) === me) speakers.delete(app.store);
    };
  }, [app, text]);
  return (
    <div class="cw-unseen" aria-live="polite">
      {text.value}
    </div>
  );
}

class Voice {
  private heard = new Map<string, Heard>();
  private gathering = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly say: (text: string) => void) {}

  hear(changes: readonly RowChange[]): void {
    for (const change of changes) {
      const happening = happeningOf(change);
      if (!happening || !change.after) continue;
      this.heard.set(change.executionId, { row: change.after, happening });
    }
    if (this.heard.size > 0 && !this.gathering) this.gather();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private gather(): void {
    this.gathering = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.tell(), GATHER_MS);
  }

  private tell(): void {
    this.say(announcementOf(this.heard.values()));
    this.heard = new Map();
    this.gathering = false;
    this.timer = setTimeout(() => this.say(""), KEEP_MS);
  }
}
