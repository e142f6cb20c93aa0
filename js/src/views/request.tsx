/**
 * Something that the CLI asks: a permission, questions, the approval of a plan.
 *
 * The rule: no stray key answers; what the agent wrote is shown with its invisible characters
 * visible; a request that is over says how it ended.
 */
import type { RequestBlock } from "../blocks.ts";

export function RequestView({ block }: { block: RequestBlock }) {
  return (
    <div class="cw-request">
      <b>{block.title || block.tool}</b> <span class="cw-tag">{block.state}</span>
    </div>
  );
}
