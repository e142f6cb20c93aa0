/**
 * A search in one transcript: what is found, and which match the reader is at.
 *
 * The rule: it looks at the blocks, not at the page, a few milliseconds at a time; a block that has
 * not changed since is not looked at again. Going to a match opens what it is folded in.
 */
import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Block } from "../../fold/blocks.ts";
import type { Pane } from "../../pane/pane.ts";
import { countMatches, expressionOf, textsOf } from "../../pane/search.ts";
import type { Transcript } from "./transcript.ts";

/** Matches in one block. */
export interface Found {
  readonly executionId: string;
  readonly key: string;
  readonly count: number;
  /** How many matches there are before it. */
  readonly before: number;
}
export interface Results {
  readonly found: readonly Found[];
  readonly total: number;
  /** All blocks were looked at. */
  readonly done: boolean;
}

const NOTHING: Results = { found: [], total: 0, done: true };
/** Milliseconds of work between two turns of the page. */
const SLICE = 8;
/** New output is searched no more often than that. */
const AGAIN_AFTER = 500;

export class Finder {
  private readonly resultsNow = signal(NOTHING);
  private readonly atNow = signal(-1);
  private readonly counted = new Map<string, { block: Block; count: number }>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private expression: RegExp | null = null;
  private stopWatching: (() => void) | null = null;
  readonly open: Signal<boolean> = signal(false);
  /** How often it was asked for: each time the field gets the focus. */
  readonly begun: Signal<number> = signal(0);
  readonly query: Signal<string> = signal("");
  readonly results: ReadonlySignal<Results> = this.resultsNow;
  /** The match that the reader is at, from 0; -1 for none. */
  readonly at: ReadonlySignal<number> = this.atNow;

  constructor(private readonly transcript: Transcript) {}

  /** What is marked; null while nothing is searched for. */
  get wanted(): RegExp | null {
    return this.expression;
  }

  /** Shows the search, with what was searched for last. */
  begin(): void {
    this.open.value = true;
    this.begun.value += 1;
    if (this.query.peek() !== "") this.search(this.query.peek());
  }

  search(query: string): void {
    this.query.value = query;
    this.expression = expressionOf(query);
    this.counted.clear();
    this.atNow.value = -1;
    this.resultsNow.value = { ...NOTHING, done: this.expression === null };
    this.look();
    this.stopWatching ??= this.watch();
  }

  close(): void {
    this.open.value = false;
    this.expression = null;
    this.resultsNow.value = NOTHING;
    this.atNow.value = -1;
    this.counted.clear();
    clearTimeout(this.timer);
    this.stopWatching?.();
    this.stopWatching = null;
  }

  /** To the next match, or with -1 to the one before. */
  step(by: 1 | -1): void {
    const { total } = this.resultsNow.peek();
    if (total === 0) return;
    const at = this.atNow.peek();
    this.goTo(at < 0 ? this.nearest() : (at + by + total) % total);
  }

  /** The match that the reader is at: its block, and the how-manieth in it. */
  current(): { found: Found; nth: number } | null {
    const at = this.atNow.value;
    const found = this.resultsNow.value.found.findLast(({ before }) => before <= at);
    return at < 0 || !found ? null : { found, nth: at - found.before };
  }

  private goTo(at: number): void {
    this.atNow.value = at;
    const current = this.current();
    if (current) this.transcript.reveal(current.found.executionId, current.found.key);
  }

  /** The first match from what is in sight on. */
  private nearest(): number {
    const row = this.transcript.firstInSight();
    const { found, total } = this.resultsNow.peek();
    const places = this.transcript.placesOf(found);
    const index = places.findIndex((place) => place >= row);
    return index < 0 ? total - 1 : (found[index]?.before ?? 0);
  }

  private watch(): () => void {
    return effect(() => {
      for (const { shown } of this.transcript.thread.parts.value) void shown?.keys.value;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.look(), AGAIN_AFTER);
    });
  }

  private look(): void {
    clearTimeout(this.timer);
    const { expression } = this;
    if (!expression) return;
    const work = this.work(expression, this.query.peek().length);
    const go = () => {
      const until = performance.now() + SLICE;
      while (performance.now() < until) if (work.next().done) return;
      this.timer = setTimeout(go, 0);
    };
    go();
  }

  private *work(expression: RegExp, length: number): Generator<undefined, void> {
    const found: Found[] = [];
    let total = 0;
    for (const { executionId, shown } of this.transcript.thread.parts.peek()) {
      for (const key of shown?.keys.peek() ?? []) {
        const count = yield* this.count(executionId, shown, key, expression, length);
        if (count === 0) continue;
        found.push({ executionId, key, count, before: total });
        total += count;
      }
    }
    this.resultsNow.value = { found, total, done: true };
    if (this.atNow.peek() < 0 && total > 0) this.goTo(this.nearest());
  }

  private *count(
    executionId: string,
    pane: Pane | null,
    key: string,
    expression: RegExp,
    length: number,
  ): Generator<undefined, number> {
    const block = pane?.block(key)?.peek();
    if (!block) return 0;
    const name = `${executionId} ${key}`;
    const known = this.counted.get(name);
    if (known?.block === block) return known.count;
    const count = yield* countMatches(textsOf(block), expression, length);
    this.counted.set(name, { block, count });
    yield;
    return count;
  }
}
