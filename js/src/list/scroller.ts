/**
 * How far the box of a long list is scrolled, as it was asked for and as it was done.
 *
 * The rule: the only module that scrolls it, and it decides nothing: where the box is to be is the
 * reader's. The reader's own way is never undone, also where the browser tells of it only later.
 */
import type { Reader } from "./reader.ts";

/** Places that differ by less are one place. */
const FRACTION = 0.01;

export const same = (one: number, other: number): boolean => Math.abs(one - other) < FRACTION;

export class Scroller {
  private box: HTMLElement | null = null;
  private asked = 0;
  private frame = 0;
  /** Where the box is, as far as is known. */
  top = 0;

  /** `isHidden` says whether it has no sizes; `onMove` is called once the reader has scrolled it. */
  constructor(
    private readonly reader: Reader,
    private readonly isHidden: () => boolean,
    private readonly onMove: () => void,
  ) {}

  start(box: HTMLElement): () => void {
    this.box = box;
    this.forget();
    box.addEventListener("scroll", this.onScroll, { passive: true });
    box.addEventListener("animationstart", this.onPlaced);
    return () => {
      cancelAnimationFrame(this.frame);
      box.removeEventListener("scroll", this.onScroll);
      box.removeEventListener("animationstart", this.onPlaced);
      this.box = null;
    };
  }

  /** What was asked for holds no more: another box, or one that comes back from where none saw it. */
  forget(): void {
    this.asked = Number.NaN;
  }

  /** There is less in it: the browser may have had to scroll up. */
  shrunk(): void {
    if (!this.isSentToStart()) this.forget();
  }

  /** To where the reader is to be. */
  scroll(): void {
    const { box, reader } = this;
    if (!box || same(reader.wanted, this.asked) || this.isHidden()) return;
    this.catchUp();
    if (same(reader.wanted, this.asked)) return;
    if (!this.isSentToStart()) return this.scrollBox(box);
    // Where it was the reader, that is told before the next frame is drawn; else it was the page.
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      if (!same(reader.wanted, this.asked)) this.scrollBox(box);
    });
  }

  /**
   * Where the reader scrolled to may be told only with the next frame. At an end the list may have
   * had to give way.
   */
  catchUp(): void {
    const { box } = this;
    if (!box || !this.isKept(box) || this.isSentToStart()) return;
    const rest = box.scrollHeight - box.scrollTop - box.clientHeight;
    if (box.scrollTop !== this.top && rest > 1) this.onScroll();
  }

  /** All is drawn: the reader is where they are to be, unless they are on their way. */
  settle(): void {
    const { reader } = this;
    if (reader.isAtEnd || !same(reader.top, this.asked)) return;
    // What the browser rounded is no other place; where it stopped short is one.
    reader.settle(Math.abs(this.top - this.asked) < 1 ? this.asked : this.top);
    this.asked = reader.top;
  }

  // -- inside ------------------------------------------------------------------------------------

  private scrollBox(box: HTMLElement): void {
    this.asked = this.reader.wanted;
    box.scrollTop = this.asked;
    this.top = box.scrollTop;
  }

  /** At its start and nobody told why: the reader went there, or the box was moved in the page. */
  private isSentToStart(): boolean {
    const { box, top } = this;
    return box !== null && this.isKept(box) && top >= 1 && box.scrollTop === 0;
  }

  /** Whether it is as it was when it was last scrolled. */
  private isKept(box: HTMLElement): boolean {
    const { asked, reader } = this;
    return !Number.isNaN(asked) && !reader.hidden && box.clientHeight === reader.height;
  }

  private readonly onScroll = (): void => {
    const { box, reader } = this;
    if (!box || reader.hidden || this.isHidden()) return;
    const { scrollTop, scrollHeight, clientHeight } = box;
    if (scrollTop === this.top) return;
    reader.scrolled(this.top, scrollTop, scrollHeight - scrollTop - clientHeight);
    this.top = this.asked = scrollTop;
    this.onMove();
  };

  /**
   * It was put into the page, perhaps only moved within it, which scrolls it to its start and which
   * neither a scroll nor a size tells. What the reader scrolled in this frame was told before.
   */
  private readonly onPlaced = (event: Event): void => {
    if (event.target !== this.box || !this.isSentToStart()) return;
    this.forget();
    this.scroll();
  };
}
