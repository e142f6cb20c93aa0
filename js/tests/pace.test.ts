/** Work in slices, shown once a frame. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { pace, type Worker } from "../src/pane/pace.ts";

/** So many pieces of work, each as long. */
class Pieces implements Worker {
  shown: number[] = [];
  done = 0;
  constructor(
    private left: number,
    private readonly milliseconds: number,
  ) {}
  work(): boolean {
    clock += this.milliseconds;
    this.left -= 1;
    this.done += 1;
    return this.left > 0;
  }
  more(pieces: number): void {
    this.left += pieces;
    pace.start(this);
  }
  show(): void {
    this.shown.push(this.done);
  }
}

let clock = 0;
let frames: (() => void)[] = [];
let slices: (() => void)[] = [];

/** What the page would do next; false when it rests. */
const frame = () => run(frames);
const slice = () => run(slices);
function run(queue: (() => void)[]): boolean {
  const next = queue.shift();
  next?.();
  return next !== undefined;
}

class FakeChannel {
  readonly port1 = { onmessage: () => {}, close: () => {} };
  readonly port2 = { postMessage: () => slices.push(() => this.port1.onmessage()) };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(performance, "now").mockImplementation(() => clock);
  vi.stubGlobal("MessageChannel", FakeChannel);
  vi.stubGlobal("requestAnimationFrame", (next: () => void) => frames.push(next));
  vi.stubGlobal("cancelAnimationFrame", () => {});
});
afterEach(() => {
  pace.finish();
  while (slice() || frame());
  vi.runAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  frames = [];
  slices = [];
});

describe("pace", () => {
  test("a little work is done and shown at once", () => {
    const worker = new Pieces(2, 1);
    pace.start(worker);
    expect(worker.shown).toEqual([2]);
  });

  test("what comes later in the same frame is shown with the next one", () => {
    const worker = new Pieces(1, 1);
    pace.start(worker);
    worker.more(1);
    worker.more(1);
    expect(worker).toMatchObject({ shown: [1], done: 3 });
    frame();
    expect(worker.shown).toEqual([1, 3]);
    frame();
    worker.more(1);
    expect(worker.shown).toEqual([1, 3, 4]);
  });

  test("much work leaves the page free between slices, and a part of each frame", () => {
    const worker = new Pieces(30, 4);
    pace.start(worker);
    expect(worker.done).toBe(2);
    let before = worker.done;
    while (slice()) {
      expect(worker.done - before).toBeLessThanOrEqual(2);
      before = worker.done;
    }
    // The frame's time is used up: it waits for the next one.
    expect(worker.done).toBe(8);
    frame();
    slice();
    expect(worker.done).toBe(10);
  });

  test("workers take turns", () => {
    const [one, two] = [new Pieces(10, 4), new Pieces(10, 4)];
    pace.start(one);
    pace.start(two);
    for (let turn = 0; turn < 6 && (slice() || frame()); turn += 1);
    expect(Math.abs(one.done - two.done)).toBeLessThanOrEqual(2);
  });

  test("one that is not done shows what it has once it has worked for long", () => {
    const worker = new Pieces(100, 8);
    pace.start(worker);
    for (let turn = 0; turn < 40 && worker.shown.length === 0; turn += 1) slice() || frame();
    expect(worker.shown[0]).toBeGreaterThanOrEqual(12);
    expect(worker.shown[0]).toBeLessThan(100);
  });

  test("goes on by a timer where no frame comes", () => {
    const worker = new Pieces(1, 1);
    pace.start(worker);
    worker.more(1);
    expect(worker.shown).toEqual([1]);
    vi.advanceTimersByTime(300);
    expect(worker.shown).toEqual([1, 2]);
  });

  test("a worker that stops is neither asked nor shown again", () => {
    const worker = new Pieces(100, 8);
    pace.start(worker);
    pace.stop(worker);
    const { done } = worker;
    for (let turn = 0; turn < 10; turn += 1) slice() || frame();
    expect(worker).toMatchObject({ done, shown: [] });
  });

  test("finish does all of it", () => {
    const worker = new Pieces(100, 8);
    pace.start(worker);
    pace.finish();
    expect(worker).toMatchObject({ done: 100, shown: [100] });
  });
});
