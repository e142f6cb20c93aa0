/**
 * What is asked for again and again while it is looked at: one request at a time, then a pause.
 *
 * The rule: what is wanted meanwhile is asked for once, after the pause; what failed is asked for
 * again by itself, after a longer one. It knows nothing of what is asked.
 */

/** Milliseconds after an answer: what works all the time is not asked about all the time. */
export const PAUSE = 1500;
export const PAUSE_AFTER_FAILURE = 5000;

export class Paced {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking = false;
  private wanted = false;
  private closed = false;

  /** `ask` gives null where there is nothing to ask for. */
  constructor(private readonly ask: () => Promise<void> | null) {}

  /** Asks now, or as soon as the request that is under way and the pause after it are over. */
  want(): void {
    this.wanted = true;
    if (!this.asking && this.timer === undefined) this.run();
  }

  /** Nobody looks any more. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private run(): void {
    this.timer = undefined;
    if (!this.wanted || this.closed) return;
    this.wanted = false;
    const asked = this.ask();
    if (!asked) return;
    this.asking = true;
    asked.then(
      () => this.rest(PAUSE),
      () => {
        this.wanted = true;
        this.rest(PAUSE_AFTER_FAILURE);
      },
    );
  }

  private rest(milliseconds: number): void {
    this.asking = false;
    if (!this.closed) this.timer = setTimeout(() => this.run(), milliseconds);
  }
}
