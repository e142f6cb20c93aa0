/**
 * The pace of the kernel's messages, as its courier keeps it.
 *
 * The rule: at most 20 messages a second over all widgets of the page, answers before output, and
 * outlets in turn. It counts what it carried, so that a benchmark can say so.
 */

export const MESSAGES_PER_SECOND = 20;
const INTERVAL = 1000 / MESSAGES_PER_SECOND;

/** Sends its most urgent message, if it has one; whether it had. */
export type Outlet = () => boolean;

export class Courier {
  private readonly outlets: Outlet[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private nextAt = 0;
  /** Moments of the messages, in milliseconds of the page's clock. */
  readonly sentAt: number[] = [];

  add(outlet: Outlet): void {
    this.outlets.push(outlet);
  }

  /** Some outlet has something to send. */
  call(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => this.carry(), Math.max(0, this.nextAt - performance.now()));
  }

  private carry(): void {
    this.timer = undefined;
    for (let tried = this.outlets.length; tried > 0; tried -= 1) {
      const outlet = this.outlets.shift() as Outlet;
      this.outlets.push(outlet);
      if (!outlet()) continue;
      this.sentAt.push(performance.now());
      this.nextAt = performance.now() + INTERVAL;
      this.call();
      return;
    }
  }
}
