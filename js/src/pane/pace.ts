/**
 * When the work of all panes is done: in slices, and shown once a frame.
 *
 * The rule: knows no pane. Work is done at once while there is time in the frame, else in slices
 * that leave the page free between them; what came of it is shown at most once an animation frame,
 * and by a timer while the page is hidden.
 */

/** Something that works and shows what came of it. */
export interface Worker {
  /** Does a little; true while there is more to do. */
  work(): boolean;
  show(): void;
}

/** Milliseconds of one slice, and of all slices of a frame. */
const SLICE = 8;
const FRAME = 32;
/** Milliseconds after which a worker that is not done shows what it has. */
const LOOK_IN = 100;
/** Milliseconds between looks where no frame comes: the page is hidden, or draws nothing. */
const NO_FRAME = 250;

class Pace {
  private readonly working = new Set<Worker>();
  /** Those who have something to show, and since when. */
  private readonly unseen = new Map<Worker, number>();
  /** Milliseconds that were worked in this frame. */
  private spent = 0;
  private frame: { id: number; timer: ReturnType<typeof setTimeout>; at: number } | null = null;
  private nextSlice: MessageChannel | null = null;
  private shown = false;

  /** The worker has something to do. */
  start(worker: Worker): void {
    this.working.add(worker);
    // A page that was put to sleep may have lost the frame that it asked for.
    if (this.frame && Math.abs(performance.now() - this.frame.at) > 2 * NO_FRAME) this.begin();
    if (this.spent < FRAME && this.nextSlice === null) this.slice();
  }

  stop(worker: Worker): void {
    this.working.delete(worker);
    this.unseen.delete(worker);
  }

  /** Does all that is left, and shows it; for whoever cannot wait. */
  finish(): void {
    while (this.working.size > 0) this.step();
    this.show(Number.POSITIVE_INFINITY);
  }

  private slice(): void {
    const began = performance.now();
    while (this.working.size > 0 && performance.now() - began < SLICE) this.step();
    this.spent += performance.now() - began;
    // The first of a frame is shown at once, so that a quiet page answers without waiting.
    if (!this.shown && this.working.size === 0) this.show(performance.now());
    this.askForFrame();
    if (this.working.size > 0 && this.spent < FRAME) this.askForSlice();
  }

  /** Each has its turn. */
  private step(): void {
    const [worker] = this.working;
    if (!worker) return;
    this.working.delete(worker);
    if (!this.unseen.has(worker)) this.unseen.set(worker, performance.now());
    if (worker.work()) this.working.add(worker);
  }

  /** Shows what is done; of what goes on, only what has waited for long. */
  private show(now: number): void {
    this.shown = true;
    for (const [worker, since] of [...this.unseen]) {
      if (this.working.has(worker) && now - since < LOOK_IN) continue;
      this.unseen.delete(worker);
      worker.show();
    }
  }

  private askForSlice(): void {
    const channel = new MessageChannel();
    this.nextSlice = channel;
    channel.port1.onmessage = () => {
      channel.port1.close();
      this.nextSlice = null;
      this.slice();
    };
    channel.port2.postMessage(null);
  }

  private askForFrame(): void {
    if (this.frame) return;
    const next = () => this.begin();
    const timer = setTimeout(next, NO_FRAME);
    this.frame = { id: requestAnimationFrame(next), timer, at: performance.now() };
  }

  private begin(): void {
    if (this.frame) {
      cancelAnimationFrame(this.frame.id);
      clearTimeout(this.frame.timer);
    }
    this.frame = null;
    this.spent = 0;
    this.shown = false;
    if (this.unseen.size > 0) {
      this.show(performance.now());
      this.askForFrame();
    }
    if (this.working.size > 0 && this.nextSlice === null) this.askForSlice();
  }
}

/** One for the page: panes share its time. */
export const pace = new Pace();
