/** What the charts are made of, as tests need it: a call of a tool, a day of costs. */
export const CALL = { name: "Read", subject: "", isError: false, nested: false };
export const DAY = {
  executions: 2,
  costUsd: 0.5,
  recordedCostUsd: 0,
  inputTokens: 0,
  outputTokens: 0,
  recordedTokens: 0,
};
