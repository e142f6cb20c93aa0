/**
 * A change to a file: unified or side by side.
 *
 * The rule: hunks in, nodes out; where the CLI gave no hunks they are made from before and after.
 */

export interface Hunk {
  readonly oldStart: number;
  readonly newStart: number;
  /** Each begins with " ", "-" or "+". */
  readonly lines: readonly string[];
}

export function Diff({ hunks }: { path: string; hunks: readonly Hunk[] }) {
  return <pre class="cw-diff">{hunks.flatMap(({ lines }) => lines).join("\n")}</pre>;
}
