/**
 * Where the reader of a long list is, and where they are to be.
 *
 * The rule: pure; what the browser does is told here and what it is to do is asked here, in pixels
 * from the start of the list. The reader is at the end of a list that follows, or else on the way to
 * a row, or else at an anchor; null is the very start, where what comes in above is to be seen.
 */
import { type Signal, signal } from "@preact/signals";
import * as anchors from "./anchor.ts";
import type { Extents, Rows } from "./extents.ts";

/** From how near to the end, in pixels, a reader on the way down is taken to be at it. */
const NEAR = 24;

interface Aim {
  readonly index: number;
  /** Null until the rows have come that the index was meant for. */
  readonly key: string | null;
  readonly edge: anchors.Edge;
}

export class Reader {
  readonly following: Signal<boolean>;
  /** Pixels of the box; while it is hidden those that it had. */
  height = 0;
  hidden = false;
  private anchor: anchors.Anchor | null = null;
  /** Outranks the anchor until all was measured that lies on the way. */
  private aim: Aim | null = null;

  constructor(
    private readonly extents: Extents,
    private readonly follow: boolean,
  ) {
    this.following = signal(follow);
  }

  /** In a list that nobody sees they stay where they are. */
  get isAtEnd(): boolean {
    return this.following.peek() && !this.hidden;
  }

  /** Where sight is to begin; the list may end too early for that. */
  get top(): number {
    const { extents, height, aim, anchor } = this;
    if (this.isAtEnd) return Math.max(0, extents.total - height);
    if (aim) return anchors.topFor(extents, aim.index, aim.edge, height);
    return anchor ? Math.max(0, anchors.topOf(extents, anchor)) : 0;
  }

  /** That for the browser: however far there is to scroll, where it is to stay at the end. */
  get wanted(): number {
    return this.isAtEnd ? this.extents.total : this.top;
  }

  /** The rows in sight, and so many more of those that are near. */
  rows(most: number, reach: number): anchors.Span {
    if (this.height === 0 || this.extents.count === 0) return { from: 0, to: 0 };
    return anchors.rowsIn(this.extents, this.sight(), most, reach);
  }

  // -- what happens ------------------------------------------------------------------------------

  /** The browser scrolled to there; `rest` is how much farther down it could. */
  scrolled(before: number, top: number, rest: number): void {
    if (this.follow) {
      if (top < before - 1 && rest > 1) this.following.value = false;
      else if (top >= before && rest <= NEAR) this.following.value = true;
    }
    this.settle(top);
  }

  /** They are there, and all that is in sight is measured. */
  settle(top: number): void {
    this.aim = null;
    this.anchor = this.anchorAt(top);
  }

  setHidden(hidden: boolean): void {
    if (hidden && this.isAtEnd) this.anchor = this.anchorAt(this.top);
    this.hidden = hidden;
  }

  setRows(rows: Rows, around: number): void {
    const { extents } = this;
    const sight = this.sight();
    const moves = this.anchor !== null && !this.isAtEnd;
    const places = moves ? anchors.anchorsAround(extents, sight, around) : [];
    const now = extents.setRows(rows);
    if (moves) this.anchor = anchors.steadiest(places, now) ?? this.anchorAt(sight.top);
    if (!this.aim?.key) return;
    const index = extents.indexOf(this.aim.key, this.aim.index);
    this.aim = index < 0 ? null : { ...this.aim, index };
  }

  /** Rows get other heights while that runs. */
  whileResized(resize: () => void): void {
    const { extents, anchor } = this;
    const before = anchor ? extents.size(anchor.index) : 0;
    resize();
    if (!anchor) return;
    const after = extents.size(anchor.index);
    this.anchor = anchors.afterResize(anchor, before, after, this.height);
  }

  // -- where they are sent -----------------------------------------------------------------------

  /** From `top`; with the edge "auto" only as far as it takes to see the row. */
  send(index: number, key: string | null, edge: anchors.Edge | "auto", top: number): void {
    this.following.value = false;
    this.anchor = this.anchorAt(top);
    const sight = { top, height: this.height };
    const at = edge === "auto" ? anchors.edgeFor(this.extents, index, sight) : edge;
    this.aim = at && { index, key, edge: at };
  }

  sendToEnd(): void {
    this.following.value = true;
    this.aim = null;
  }

  /** The rows have come: from now on it is the row that counts, not its index. */
  nameAim(): void {
    const { aim } = this;
    if (aim) this.aim = { ...aim, key: aim.key ?? this.extents.key(aim.index) ?? null };
  }

  // -- inside ------------------------------------------------------------------------------------

  private sight(): anchors.Sight {
    const { extents, height } = this;
    return { top: Math.max(0, Math.min(this.top, extents.total - height)), height };
  }

  private anchorAt(top: number): anchors.Anchor | null {
    if (top <= 0 && !this.follow) return null;
    return anchors.anchorAt(this.extents, { top, height: this.height });
  }
}
