/**
 * A part of the front end that the page has once it was wanted, whichever kernel gives it.
 *
 * The rule: one for all models of a page. A kernel is asked once at a time, however many models it
 * has and however long it is busy, and again only after that came to nothing; where one does not
 * answer, the others are asked, one after another. It knows neither what the part does nor how it
 * is fetched.
 */
import { type ReadonlySignal, signal } from "@preact/signals";

/** Milliseconds until the next kernel is asked, too: this one may be busy, or gone. */
const PATIENCE = 3000;
/** Of a kernel that is away or older: asked again by what is drawn later, but not at once. */
const AGAIN_AFTER = 10_000;

interface Way<T> {
  /** The same for all ways to one kernel. */
  readonly kernel: object;
  fetch(): Promise<T>;
}

export class Part<T> {
  private readonly fetched = signal<T | null>(null);
  private readonly ways: Way<T>[] = [];
  /** When a kernel may be asked again, in milliseconds; never while it has not answered. */
  private readonly notBefore = new WeakMap<object, number>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Null until it has been fetched. */
  readonly value: ReadonlySignal<T | null> = this.fetched;

  /** How it can be fetched, until the signal is aborted; the newest way is tried first. */
  provide(fetch: () => Promise<T>, kernel: object = fetch, abort?: AbortSignal): void {
    const way = { kernel, fetch };
    this.ways.push(way);
    abort?.addEventListener("abort", () => this.ways.splice(this.ways.indexOf(way), 1));
  }

  /** There is a use for it; `own` is the kernel of whoever has it, which is asked at once. */
  want(own?: object): void {
    if (this.fetched.peek()) return;
    const now = Date.now();
    const idle = this.ways.filter(({ kernel }) => (this.notBefore.get(kernel) ?? 0) <= now);
    const first = idle.findLast(({ kernel }) => kernel === own);
    const way = first ?? (this.timer === undefined ? idle.at(-1) : undefined);
    if (way) void this.ask(way);
  }

  private async ask(way: Way<T>): Promise<void> {
    this.notBefore.set(way.kernel, Number.POSITIVE_INFINITY);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.askNext(), PATIENCE);
    try {
      const part = await way.fetch();
      // Two kernels may answer: the first one's is in use.
      this.fetched.value = this.fetched.peek() ?? part;
    } catch {
      // What is drawn without it says so, or needs no word; it is asked for again.
      this.giveWay(way);
    }
    this.askNext();
  }

  /** Another way to the same kernel is tried before this one: at once if this one is no more. */
  private giveWay(way: Way<T>): void {
    const at = this.ways.indexOf(way);
    this.notBefore.set(way.kernel, at < 0 ? 0 : Date.now() + AGAIN_AFTER);
    if (at > 0) this.ways.unshift(...this.ways.splice(at, 1));
  }

  private askNext(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.want();
  }
}
