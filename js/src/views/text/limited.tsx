/**
 * The first of many, and a button that shows more of them.
 *
 * The rule: what is not shown is not in the document.
 */

import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";
import { formatNumber } from "../../format.ts";

interface Many {
  readonly count: number;
  readonly draw: (index: number) => ComponentChildren;
  /** So many at first, and so many more each time. */
  readonly most: number;
  readonly what: string;
  /** What the button is put into, where not every element may stand. */
  readonly box: (button: VNode) => VNode;
}

export function Limited({ count, draw, most, what, box }: Many) {
  const [limit, setLimit] = useState(most);
  // A few more are shorter than the button.
  const shown = count <= limit * 1.1 ? count : limit;
  const left = count - shown;
  const button = (
    <button type="button" class="cw-link" onClick={() => setLimit(shown + most)}>
      {`Show more (${formatNumber(left)} more ${what})`}
    </button>
  );
  return (
    <>
      {Array.from({ length: shown }, (_, index) => draw(index))}
      {left > 0 && box(button)}
    </>
  );
}
