/**
 * A part of the front end that the page has once it was wanted, whichever kernel gives it.
 *
 * The rule: one for all models of a page; it is asked for once, and again after a while where that
 * came to nothing. It knows neither what the part does nor how it is fetched.
 */
import { type ReadonlySignal, signal } from "@preact/signals";

/** Of a kernel that is away or older: asked again by what is drawn later, but not at once. */
const AGAIN_AFTER = 10_000;

export class Part<T> {
  private readonly fetched = signal<T | null>(null);
  private readonly ways: (() => Promise<T>)[] = [];
  private asked = Number.NEGATIVE_INFINITY;
  /** Null until it has been fetched. */
  readonly value: ReadonlySignal<T | null> = this.fetched;

  /** How it can be fetched, until the signal is aborted; the newest way is tried. */
  provide(fetch: () => Promise<T>, abort?: AbortSignal): void {
    this.ways.push(fetch);
    abort?.addEventListener("abort", () => this.ways.splice(this.ways.indexOf(fetch), 1));
  }

  /** There is a use for it. */
  want(): void {
    const fetch = this.ways.at(-1);
    if (this.fetched.peek() || !fetch || Date.now() - this.asked < AGAIN_AFTER) return;
    this.asked = Date.now();
    fetch().then(
      (part) => {
        this.fetched.value = part;
      },
      () => {
        // What is drawn without it says so, or needs no word; it is asked for again.
      },
    );
  }
}
