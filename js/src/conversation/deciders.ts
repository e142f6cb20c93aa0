/**
 * Who decided on a request, in words.
 *
 * The rule: pure; empty where that is not recorded.
 */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["page", "on the page"],
  ["callable", "by the notebook's callable"],
  ["policy", "by the execution's policy"],
  ["rules", "by the CLI's own rules"],
]);

export const deciderText = (by: string): string => WORDS.get(by) ?? "";
