/**
 * What may be looked for in the history.
 *
 * The rule: what a person has chosen, and the times it stands for by the page's clock; nothing is
 * asked for here.
 */

export type Since = "any" | "today" | "week" | "month";

export interface HistoryChoice {
  readonly text: string;
  /** Empty for any, as is `model`. */
  readonly status: "" | "completed" | "failed" | "killed";
  readonly model: string;
  /** Of the folder that the form names, and those below it. */
  readonly here: boolean;
  readonly since: Since;
}

export const EVERYTHING: HistoryChoice = {
  text: "",
  status: "",
  model: "",
  here: false,
  since: "any",
};

const DAY = 86_400;

/** Nothing is narrowed by it. */
export function isEverything(choice: HistoryChoice): boolean {
  const names = Object.keys(EVERYTHING) as (keyof HistoryChoice)[];
  return names.every((name) => choice[name] === EVERYTHING[name]);
}

/** Epoch seconds of the page's clock; null for any time. */
export function startOf(since: Since): number | null {
  if (since === "any") return null;
  if (since === "today") return new Date().setHours(0, 0, 0, 0) / 1000;
  return Date.now() / 1000 - (since === "week" ? 7 : 30) * DAY;
}
