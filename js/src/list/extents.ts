/**
 * The heights of the rows of a long list, and with them the place of each.
 *
 * The rule: pure arithmetic on keys and pixels; it knows no element and nothing of scrolling. A
 * height that was measured is kept under its row's key, wherever the row goes; all others are
 * estimates. Heights lie in a Fenwick tree: to change one, to add one at the end and to find a place
 * take steps in the logarithm of their number, and rows that are known to be the same take none.
 */

export interface Rows {
  readonly count: number;
  /** Names the row whose height is kept; the same for as long as it is the same row. */
  key(index: number): string;
  /** Pixels, until it was measured. */
  estimate(index: number): number;
  /** -1 for none. Without it rows are searched one by one. */
  indexOf?(key: string): number;
  /** At least so many, from the first, are those of `before`. Without it each key is compared. */
  same?(before: Rows): number;
}

export const NO_ROWS: Rows = { count: 0, key: String, estimate: () => 0 };

/** Sizes that differ by less are the same: browsers tell one size in two precisions. */
const PRECISION = 0.01;
/** Heights that are kept of rows that are gone: what was filtered out may come back. */
const MOST_OF_GONE = 10_000;

export class Extents {
  private rows = NO_ROWS;
  private readonly keys: string[] = [];
  private readonly measured = new Map<string, number>();
  private sizes = new Float64Array(64);
  /** At `n`, the sum of as many heights as its lowest bit says, the last of them the n-th. */
  private sums = new Float64Array(65);

  get count(): number {
    return this.keys.length;
  }

  get total(): number {
    return this.offset(this.keys.length);
  }

  key(index: number): string | undefined {
    return this.keys[index];
  }

  size(index: number): number {
    return index < this.keys.length ? (this.sizes[index] ?? 0) : 0;
  }

  isMeasured(index: number): boolean {
    return this.measured.has(this.keys[index] ?? "");
  }

  /** Pixels from the start to the row. */
  offset(index: number): number {
    let sum = 0;
    for (let n = index; n > 0; n &= n - 1) sum += this.sums[n] ?? 0;
    return sum;
  }

  /** The row that a pixel belongs to; the number of rows for one beyond them. */
  indexAt(pixel: number): number {
    const { sums, keys } = this;
    let [index, left] = [0, pixel];
    for (let step = 1 << 30; step > 0; step >>= 1) {
      const next = index + step;
      if (next > keys.length || (sums[next] ?? 0) > left) continue;
      index = next;
      left -= sums[next] ?? 0;
    }
    return index;
  }

  /** -1 for none; `guess` is where it may be. */
  indexOf(key: string, guess = -1): number {
    const { keys } = this;
    for (const index of [guess, this.rows.indexOf?.(key) ?? -1]) {
      if (keys[index] === key) return index;
    }
    return keys.lastIndexOf(key);
  }

  /** Whether it has another size than before. */
  resize(index: number, size: number): boolean {
    const key = this.keys[index];
    if (key === undefined) return false;
    const change = size - this.size(index);
    if (Math.abs(change) < PRECISION && this.measured.has(key)) return false;
    this.measured.set(key, size);
    this.sizes[index] = size;
    for (let n = index + 1; n <= this.keys.length; n += n & -n) {
      this.sums[n] = (this.sums[n] ?? 0) + change;
    }
    return Math.abs(change) >= PRECISION;
  }

  /** The returned function tells where a row that was there before is now, -1 for nowhere. */
  setRows(rows: Rows): (index: number) => number {
    const { keys } = this;
    const before = keys.length;
    const both = Math.min(before, rows.count);
    let same = Math.min(rows.same?.(this.rows) ?? 0, both);
    while (same < both && keys[same] === rows.key(same)) same += 1;
    let tail = 0;
    while (tail < both - same && keys[before - 1 - tail] === rows.key(rows.count - 1 - tail)) {
      tail += 1;
    }
    const replaced = keys.slice(same, before - tail);
    this.rows = rows;
    this.replace(same, before - tail);
    return (index) => {
      if (index < same) return index;
      const key = replaced[index - same];
      return key === undefined ? index + rows.count - before : this.indexOf(key);
    };
  }

  /** Rows from the one on are taken anew, up to those that were `until` before and stay as they are. */
  private replace(from: number, until: number): void {
    const { keys, rows } = this;
    const tail = keys.slice(until);
    const sizes = this.sizes.slice(until, keys.length);
    keys.length = from;
    this.reserve(rows.count);
    for (let index = from; index < rows.count - tail.length; index += 1) {
      const key = rows.key(index);
      this.push(key, this.measured.get(key) ?? rows.estimate(index));
    }
    for (let at = 0; at < tail.length; at += 1) this.push(tail[at] ?? "", sizes[at] ?? 0);
    this.forgetGone();
  }

  private push(key: string, size: number): void {
    const { sums } = this;
    const n = this.keys.push(key);
    this.sizes[n - 1] = size;
    let sum = size;
    for (let one = n - 1; one > (n & (n - 1)); one &= one - 1) sum += sums[one] ?? 0;
    sums[n] = sum;
  }

  private reserve(count: number): void {
    if (count <= this.sizes.length) return;
    const [sizes, sums] = [this.sizes, this.sums];
    this.sizes = new Float64Array(2 * count);
    this.sizes.set(sizes);
    this.sums = new Float64Array(2 * count + 1);
    this.sums.set(sums);
  }

  private forgetGone(): void {
    if (this.measured.size <= this.keys.length + MOST_OF_GONE) return;
    const there = new Set(this.keys);
    for (const key of this.measured.keys()) if (!there.has(key)) this.measured.delete(key);
  }
}
