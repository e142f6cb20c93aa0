/**
 * What was found in the history, as one view asks for it and shows it.
 *
 * The rule: the kernel searches; here is what was asked for last and what came of it. One search is
 * under way at a time, and what is asked meanwhile is asked after it, once. Of an execution the row
 * is the index's own; no transcript is read for it.
 */
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { App } from "../app.ts";
import { actionKey } from "../conversation/conversation.ts";
import type { Rows } from "../list/listview.ts";
import { Selecting } from "../list/selecting.ts";
import type { Places } from "../list/selection.ts";
import { type Problem, problemOf } from "../problem.ts";
import type { HistoryAnswer, HistoryRow, SearchHistory } from "../protocol.ts";
import { readRow } from "../store.ts";
import { EVERYTHING, type HistoryChoice, isEverything, startOf } from "./choice.ts";

/** Of one answer, and the most that is asked for anew as a whole. */
const PAGE = 50;
const MOST = 100;
/** Who types is not done yet. */
const SETTLED = 250;
/** What ends in a burst is asked for once. */
const QUIET = 1000;
/** Pixels of a row. */
const LINES = 57;
/** The kind of what fails without a kernel. */
const GONE = "Disconnected";

class Timer {
  private id: ReturnType<typeof setTimeout> | undefined;

  get runs(): boolean {
    return this.id !== undefined;
  }

  /** In place of what it was to do before. */
  start(milliseconds: number, act: () => void): void {
    this.stop();
    this.id = setTimeout(() => {
      this.id = undefined;
      act();
    }, milliseconds);
  }

  stop(): void {
    clearTimeout(this.id);
    this.id = undefined;
  }
}

export class Found extends Selecting {
  private readonly known = new Map<string, Signal<HistoryRow>>();
  private ids: readonly string[] = [];
  private readonly place = new Map<string, number>();
  private readonly choiceNow = signal(EVERYTHING);
  private readonly rowsNow = signal(this.makeRows());
  private following: number | null = null;
  private asked: Omit<SearchHistory, "requestId"> | null = null;
  private again = false;
  /** The kernel was gone before it had answered. */
  private lost = false;
  private followers = 0;
  private readonly choosing = new Timer();
  /** Of its own: what ends, however often, must not put off what was chosen. */
  private readonly renewing = new Timer();
  /** `EVERYTHING` itself where nothing is narrowed. */
  readonly choice: ReadonlySignal<HistoryChoice> = this.choiceNow;
  /** Another object whenever others are shown, or elsewhere. */
  readonly rows: ReadonlySignal<Rows> = this.rowsNow;
  /** How many there are of what is asked for; null until that is known. */
  readonly total = signal<number | null>(null);
  readonly models = signal<readonly string[]>([]);
  readonly searching = signal(false);
  readonly problem = signal<Problem | null>(null);
  /** There are older ones to ask for. */
  readonly more = signal(false);
  /** What is shown may be out of date, and is not replaced under the reader. */
  readonly stale = signal(false);
  /** What was wrong with the index and was not put away yet. */
  readonly notes = signal<readonly string[]>([]);
  private readonly put = new Set<string>();
  readonly places: Places;

  constructor(private readonly app: App) {
    super();
    const found = this;
    this.places = {
      get count() {
        return found.ids.length;
      },
      at: (place) => this.ids[place],
      indexOf: (id) => this.place.get(id) ?? -1,
    };
  }

  row(executionId: string): ReadonlySignal<HistoryRow> | undefined {
    return this.known.get(executionId);
  }

  isPinned(executionId: string): boolean {
    return this.known.get(executionId)?.peek().pinned ?? false;
  }

  /** Whether it has a session to go on with. */
  canResume(executionId: string): boolean {
    const row = this.known.get(executionId)?.peek();
    return row !== undefined && row.sessionId !== null && !row.recorded;
  }

  protected get(executionId: string): HistoryRow | undefined {
    return this.known.get(executionId)?.peek();
  }

  /** Asks at once, and follows what ends or goes until the returned function is called. */
  follow(): () => void {
    this.followers += 1;
    this.search();
    const stop = this.app.store.onChange((changes) => {
      const news = changes.some(
        ({ before, after }) => !after || (before?.endTime == null && after.endTime !== null),
      );
      if (news) this.refresh();
    });
    const unwatch = this.app.connection.state.subscribe((state) => {
      if (state === "connected") this.recover();
    });
    return () => {
      stop();
      unwatch();
      this.followers -= 1;
      if (this.followers === 0) this.stopTimers();
    };
  }

  choose(choice: Partial<HistoryChoice>): void {
    const next = { ...this.choiceNow.peek(), ...choice };
    this.choiceNow.value = isEverything(next) ? EVERYTHING : next;
    const typing = "text" in choice && choice.text !== "";
    this.choosing.start(typing ? SETTLED : 0, () => this.search());
  }

  /** Asks for all of it again, from the newest on. */
  search(): void {
    this.stopTimers();
    if (this.searching.peek()) {
      this.again = true;
      return;
    }
    this.lost = false;
    this.asked = this.wanted();
    void this.ask({ ...this.asked, limit: this.anewLimit() }, true);
  }

  /** Asks for those behind the last one. */
  searchMore(): void {
    if (this.searching.peek() || !this.asked || this.following === null) return;
    void this.ask({ ...this.asked, before: this.following }, false);
  }

  /** These are deleted. What else is shown stays, however far down its reader has gone. */
  drop(executionIds: readonly string[]): void {
    const gone = new Set(executionIds.filter((id) => this.place.has(id)));
    const total = this.total.peek();
    batch(() => {
      if (total !== null) this.total.value = Math.max(0, total - gone.size);
      if (gone.size > 0) this.setIds(this.ids.filter((id) => !gone.has(id)));
    });
    if (this.ids.length <= MOST) this.search();
  }

  /** Something has ended or gone: what does so in the meantime is asked for with it. */
  private refresh(): void {
    if (!this.renewing.runs) this.renewing.start(QUIET, () => this.renew());
  }

  /** A reader who has gone further down is only told; who is searching is not interrupted. */
  private renew(): void {
    if (this.ids.length > MOST) this.stale.value = true;
    else if (this.searching.peek() || this.choosing.runs) this.refresh();
    else this.search();
  }

  /** The kernel is there again. */
  private recover(): void {
    if (this.problem.peek()?.kind === GONE) this.problem.value = null;
    if (this.lost) this.search();
  }

  private stopTimers(): void {
    this.choosing.stop();
    this.renewing.stop();
  }

  putAway(note: string): void {
    this.put.add(note);
    this.notes.value = this.notes.peek().filter((one) => one !== note);
  }

  async pin(executionId: string, pinned: boolean): Promise<void> {
    const key = actionKey("pin", executionId);
    await this.app.actions.ask(key, { type: "claude:pin-execution", executionId, pinned });
    this.problem.value = this.app.actions.state(key).peek().problem;
    const row = this.known.get(executionId);
    if (row && !this.problem.peek()) row.value = { ...row.peek(), pinned };
  }

  // -- asking ------------------------------------------------------------------------------------

  private wanted(): Omit<SearchHistory, "requestId"> {
    const { text, status, model, here, since } = this.choiceNow.peek();
    const projectPath = here ? this.app.projectPath() : "";
    const from = startOf(since);
    return {
      type: "claude:search-history",
      text,
      ...(status && { status }),
      ...(model && { model }),
      ...(projectPath && { projectPath }),
      ...(from !== null && { since: from + this.app.store.clockOffset.peek() }),
      limit: PAGE,
    };
  }

  /** As many as are shown, so that what is asked for again is not taken from the reader. */
  private anewLimit(): number {
    return Math.min(MOST, Math.max(PAGE, this.ids.length));
  }

  private async ask(asked: Omit<SearchHistory, "requestId">, anew: boolean): Promise<void> {
    this.searching.value = true;
    try {
      const answer = await this.app.connection.request(asked);
      if (answer.type === "claude:search-history") this.take(answer, anew);
    } catch (error) {
      const problem = problemOf(error);
      this.problem.value = problem;
      if (anew) this.lost = problem.kind === GONE;
    }
    this.searching.value = false;
    if (!this.again) return;
    this.again = false;
    this.search();
  }

  private take(answer: HistoryAnswer, anew: boolean): void {
    batch(() => {
      this.problem.value = null;
      this.following = answer.following ?? null;
      this.more.value = this.following !== null;
      this.addNotes(answer.notes);
      this.show(answer.found, anew);
      if (!anew) return;
      this.total.value = answer.total ?? null;
      this.models.value = answer.models;
      this.stale.value = false;
    });
  }

  private addNotes(notes: readonly string[]): void {
    this.notes.value = notes.filter((note) => !this.put.has(note));
  }

  private show(found: readonly HistoryRow[], anew: boolean): void {
    const fresh = found.map((row) => ({ ...readRow(row), pinned: row.pinned ?? false }));
    for (const row of fresh) {
      const known = this.known.get(row.executionId);
      if (known) known.value = row;
      else this.known.set(row.executionId, signal(row));
    }
    const ids = fresh.map((row) => row.executionId);
    this.setIds(anew ? ids : [...this.ids, ...ids.filter((id) => !this.place.has(id))]);
  }

  private setIds(ids: readonly string[]): void {
    const { active } = this.selection.peek();
    const before = active === null ? -1 : this.places.indexOf(active);
    this.ids = ids;
    this.place.clear();
    ids.forEach((id, place) => {
      this.place.set(id, place);
    });
    for (const id of [...this.known.keys()]) if (!this.place.has(id)) this.known.delete(id);
    this.forgetHidden(this.selection.peek().selected);
    this.keepActive(before);
    this.rowsNow.value = this.makeRows();
  }

  private makeRows(): Rows {
    const { ids, place } = this;
    return {
      count: ids.length,
      key: (at) => ids[at] ?? "",
      indexOf: (id) => place.get(id) ?? -1,
      estimate: () => LINES,
    };
  }
}
