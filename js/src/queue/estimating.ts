/**
 * What executions are likely to cost, in words.
 *
 * The rule: amounts never without what they are (an estimate at list prices) and what they rest on.
 */
import { formatCost, formatCount, LIST_PRICES } from "../format.ts";
import type { CostEstimate } from "../protocol.ts";

/** Such as "$0.40 to $1.20 (median $0.70; estimate at list prices), from 31 executions with the same prompt". */
export function amountsText({ lowUsd, medianUsd, highUsd, basis }: CostEstimate): string {
  // The kernel leaves out of an answer what is null.
  if (lowUsd == null || medianUsd == null || highUsd == null) return `no estimate, since ${basis}`;
  const [low, median, high] = [lowUsd, medianUsd, highUsd].map(formatCost);
  const range = low === high ? low : `${low} to ${high}`;
  const middle = low === high ? "" : `median ${median}; `;
  return `${range} (${middle}${LIST_PRICES}), from ${basis}`;
}

/** Before a start: such as "3 executions: $0.40 to $1.20 (…), from …". */
export const likelyText = (estimate: CostEstimate): string =>
  `Likely cost of ${formatCount(estimate.executions, "execution")}: ${amountsText(estimate)}.`;
