/**
 * Marks what a search has found, in what of a transcript is on the page.
 *
 * The rule: the page's nodes stay as they are: matches are ranges of the CSS Custom Highlight API,
 * where the browser has it, and the row of the current one is outlined everywhere. The registry is
 * of the whole page: only what was put in here is taken out.
 */

const FOUND = "cw-found";
const CURRENT = "cw-found-current";
/** Characters of one row that are looked at; what is longer is clipped by its own view. */
const LONGEST = 300_000;

export interface Place {
  readonly row: string;
  /** The how-manieth match of the row. */
  readonly nth: number;
}

export class Highlights {
  private ranges: readonly Range[] = [];
  private current: Range | null = null;
  private outlined: HTMLElement | null = null;

  /** Marks all matches in the rows, and gives the range of the current one if it is there. */
  show(root: HTMLElement, expression: RegExp, place: Place | null): Range | null {
    this.clear();
    const all: Range[] = [];
    for (const row of root.querySelectorAll<HTMLElement>("[data-key]")) {
      const found = rangesIn(row, expression);
      all.push(...found);
      if (!place || row.dataset.key !== place.row) continue;
      this.current = found[Math.min(place.nth, found.length - 1)] ?? null;
      this.outlined = row;
      row.classList.add("cw-found-row");
    }
    this.ranges = all;
    for (const range of all) registry(FOUND)?.add(range);
    if (this.current) registry(CURRENT)?.add(this.current);
    return this.current;
  }

  clear(): void {
    for (const range of this.ranges) registry(FOUND)?.delete(range);
    if (this.current) registry(CURRENT)?.delete(this.current);
    this.outlined?.classList.remove("cw-found-row");
    this.ranges = [];
    this.current = null;
    this.outlined = null;
  }
}

function registry(name: string): Highlight | null {
  if (typeof Highlight === "undefined" || !("highlights" in CSS)) return null;
  const known = CSS.highlights.get(name) ?? new Highlight();
  CSS.highlights.set(name, known);
  return known;
}

/** Matches of the row's text, which may lie across several nodes. */
function rangesIn(row: HTMLElement, expression: RegExp): Range[] {
  const nodes: Text[] = [];
  const starts: number[] = [];
  let text = "";
  const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() && text.length < LONGEST) {
    nodes.push(walker.currentNode as Text);
    starts.push(text.length);
    text += (walker.currentNode as Text).data;
  }
  const pointAt = (offset: number, end: boolean): [Text, number] | null => {
    let node = starts.length - 1;
    while (node > 0 && (starts[node] ?? 0) > offset - (end ? 1 : 0)) node -= 1;
    const found = nodes[node];
    return found ? [found, offset - (starts[node] ?? 0)] : null;
  };
  return [...text.matchAll(expression)].flatMap((match) => {
    const start = pointAt(match.index, false);
    const end = pointAt(match.index + match[0].length, true);
    if (!start || !end) return [];
    const range = document.createRange();
    range.setStart(...start);
    range.setEnd(...end);
    return [range];
  });
}
