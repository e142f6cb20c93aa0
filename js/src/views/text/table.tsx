/**
 * A table, in a frame of its own that scrolls sideways.
 *
 * The rule: only the cells that are shown are drawn; 5,000 rows cost what the first of them do.
 */

import type { ComponentChildren, VNode } from "preact";
import { formatNumber } from "../../format.ts";
import { Limited } from "./limited.tsx";

type DrawCell = () => ComponentChildren;

interface Cells {
  readonly header: readonly DrawCell[];
  readonly rows: readonly (readonly DrawCell[])[];
  readonly align: readonly ("center" | "left" | "right" | null)[];
}

const MOST_CELLS = 1500;
const MOST_COLUMNS = 100;
const FEWEST_ROWS = 10;

export function Table({ header, rows, align }: Cells) {
  const columns = Math.min(header.length, MOST_COLUMNS);
  const left = header.length - columns;
  const classOf = (index: number) => (align[index] ? `cw-align-${align[index]}` : undefined);
  const drawRow = (row: number) => (
    <tr key={row}>
      {rows[row]?.slice(0, columns).map((draw, index) => (
        <td key={index} class={classOf(index)}>
          {draw()}
        </td>
      ))}
    </tr>
  );
  const box = (button: VNode) => (
    <tr key="more">
      <td colSpan={columns}>{button}</td>
    </tr>
  );
  const most = Math.max(FEWEST_ROWS, Math.floor(MOST_CELLS / Math.max(1, columns)));
  return (
    <div class="cw-table" role="region" aria-label="Table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {header.slice(0, columns).map((draw, index) => (
              <th key={index} scope="col" class={classOf(index)}>
                {draw()}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Limited count={rows.length} draw={drawRow} most={most} what="rows" box={box} />
        </tbody>
      </table>
      {left > 0 && <p class="cw-meta">{`${formatNumber(left)} more columns`}</p>}
    </div>
  );
}
