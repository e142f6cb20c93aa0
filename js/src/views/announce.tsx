/**
 * The page's one voice for screen readers.
 *
 * The rule: polite, and at most once in a while, so that many ends are one sentence. Of several
 * views of the same executions only the first speaks.
 */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { App } from "../app.ts";
import { announcementOf, type Heard, happeningOf } from "../page/announcement.ts";
import type { RowChange, Store } from "../store.ts";
import { useView } from "../view.ts";

/** So many milliseconds from the first change to the sentence about all of them. */
export const GATHER_MS = 1000;
/** How long a sentence stays: the same one once more is heard only when it was gone. */
const KEEP_MS = 5000;

/** The dashboards of each store, the first of which speaks. */
const speakers = new WeakMap<Store, symbol[]>();

export function Announcements() {
  const { app } = useView();
  const text = useSignal("");
  useEffect(() => {
    const voice = new Voice((said) => {
      text.value = said;
    });
    const stop = app.kind === "dashboard" ? hearStore(app.store, voice) : hearOwn(app, voice);
    return () => {
      stop();
      voice.stop();
    };
  }, [app, text]);
  return (
    <div class="cw-unseen" aria-live="polite">
      {text.value}
    </div>
  );
}

function hearStore(store: Store, voice: Voice): () => void {
  const me = Symbol("speaker");
  speakers.set(store, [...(speakers.get(store) ?? []), me]);
  const stop = store.onChange((changes) => {
    if (speakers.get(store)?.[0] === me) voice.hear(changes);
  });
  return () => {
    stop();
    speakers.set(store, speakers.get(store)?.filter((one) => one !== me) ?? []);
  };
}

/** The view of one execution speaks where no dashboard does. */
function hearOwn(app: App, voice: Voice): () => void {
  let before = app.ownRow.peek();
  return app.ownRow.subscribe((after) => {
    const { executionId } = after;
    if (!speakers.get(app.store)?.length) voice.hear([{ executionId, before, after }]);
    before = after;
  });
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
