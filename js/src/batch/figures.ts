/**
 * How far a batch is, in words.
 *
 * The rule: pure. What nobody knows is said to be unknown; a figure is never more exact than it is.
 */
import { formatCost, formatCount, formatNumber, LIST_PRICES } from "../format.ts";
import type { BatchFailure, BatchProgress, ExecutionStatus } from "../protocol.ts";
import { amountsText } from "../queue/estimating.ts";

/** In the order of the bar: what is over first. */
export const STATUSES = ["completed", "failed", "killed", "running", "pending"] as const;

/** How many executions are how. */
export type Counts = Readonly<Record<ExecutionStatus, number>>;

export const doneOf = ({ completed, failed, killed }: Counts): number =>
  completed + failed + killed;

/** All rows that are known of, be there more or not. */
export const knownOf = (progress: BatchProgress): number => progress.total ?? progress.known;

const WORDS: Readonly<Record<ExecutionStatus, string>> = {
  completed: "completed",
  failed: "failed",
  killed: "killed",
  running: "running",
  pending: "waiting",
};

/** Such as "11 completed, 1 failed, 4 running, 14 waiting". */
export const countsText = (counts: Counts): string =>
  STATUSES.filter((status) => counts[status] > 0)
    .map((status) => `${formatNumber(counts[status])} ${WORDS[status]}`)
    .join(", ");

/** Such as "12 of 30 rows have ended: 11 completed, 1 failed, 4 running, 14 waiting". */
export function progressText(progress: BatchProgress): string {
  const all = progress.total === null ? "an unknown number of" : formatNumber(progress.total);
  const parts = [countsText(progress), progress.asking > 0 && askingText(progress)];
  const said = parts.filter(Boolean).join(", ");
  const told = said ? `: ${said}` : "";
  return `${formatNumber(doneOf(progress))} of ${all} rows have ended${told}`;
}

/** Such as "3 rows ask for an answer". */
export const askingText = ({ asking }: BatchProgress): string =>
  `${formatCount(asking, "row asks", "rows ask")} for an answer`;

export function costText({ costUsd, budgetUsd, recordedCostUsd }: BatchProgress): string {
  const of = budgetUsd === null ? "" : ` of ${formatCost(budgetUsd)}`;
  const share = budgetUsd === null ? "" : ` (${Math.round((100 * costUsd) / budgetUsd)} %)`;
  const over = overText(costUsd, budgetUsd);
  const replayed =
    recordedCostUsd > 0
      ? `; ${formatCost(recordedCostUsd)} when what is replayed was recorded`
      : "";
  return `${formatCost(costUsd)}${of}${share}${over}${replayed}`;
}

/** Beyond a budget: such as ", $0.10 over (estimate at list prices)". */
export const overText = (costUsd: number, budgetUsd: number | null): string =>
  budgetUsd !== null && costUsd > budgetUsd
    ? `, ${formatCost(costUsd - budgetUsd)} over (${LIST_PRICES})`
    : "";

/** What was likely when it began, for as long as it is of use. */
export function likelyText({ estimate, ended, total }: BatchProgress): string {
  if (!estimate || ended) return "";
  return `Likely cost of ${total === null ? "each row" : "all"}: ${amountsText(estimate)}`;
}

type Unit = readonly [size: number, name: string];
const UNITS: readonly Unit[] = [
  [86_400, "days"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];
/** A unit is used from so many of it on: 90 s says more than 2 min. */
const FROM = 2;

/** Such as "about 4 to 6 min". */
export const spanText = (low: number, high: number): string => `about ${unitsText(low, high)}`;

function unitsText(low: number, high: number): string {
  const [size, name] = UNITS.find(([one]) => high >= FROM * one) ?? ([1, "s"] as const);
  const [from = 1, to = 1] = [low, high].map((seconds) => Math.max(1, Math.round(seconds / size)));
  return from < to ? `${from} to ${to} ${name}` : `${to} ${name}`;
}

/**
 * When it may be over and what that is based on, or why nobody can say; empty once it is over.
 *
 * `elapsed` is the seconds since the estimate was made: nothing is told while nothing happens, so
 * what has passed is taken off, and what takes longer than estimated is said to.
 */
export function leftText(progress: BatchProgress, elapsed = 0): string {
  const { ended, etaLow, etaHigh, basis } = progress;
  if (ended) return "";
  if (etaLow === null || etaHigh === null) return basis && `No estimate: ${basis}`;
  const [low, high] = [etaLow - elapsed, etaHigh - elapsed];
  if (progress.asking > 0) {
    // Nobody knows how long people take.
    const least = low > 0 ? `at least ${unitsText(low, low)} left` : "No estimate";
    return `${least}: ${askingText(progress)}`;
  }
  if (low > 0) return `${spanText(low, high)} left, from ${basis}`;
  if (high > 0) return `at most ${unitsText(high, high)} left, from ${basis}`;
  return `longer than estimated, by ${spanText(-high, -high)}: it was made from ${basis}`;
}

/** Such as "3 failed (api_error)". */
export const failureText = ({ rows, status, reason }: BatchFailure): string =>
  `${formatNumber(rows)} ${status} (${reason})`;

export function killText({ running, pending }: BatchProgress): string {
  const run = formatCount(running, "row runs", "rows run");
  const wait =
    pending > 0 ? `, ${formatNumber(pending)} more ${pending > 1 ? "wait" : "waits"}` : "";
  return `${run}${wait}. None is left after it; their transcripts stay.`;
}

export function retryText(progress: BatchProgress): string {
  const { failed, killed } = progress;
  const which =
    failed > 0
      ? `${formatCount(failed, "row")} failed`
      : `${formatCount(killed, "row was", "rows were")} killed`;
  const spent = doneOf(progress) > 0 ? progress.costUsd / doneOf(progress) : 0;
  const cost = spent > 0 ? ` Each row has cost about ${formatCost(spent)} so far.` : "";
  return `${which}. Each is started once more, as a further attempt.${cost}`;
}
