/**
 * The keys of the dashboard, as its table of keys shows them.
 *
 * The rule: words only; what a key does is where it is heard.
 */
export interface KeyLine {
  /** Each one a key, or keys that are pressed together. */
  readonly keys: readonly string[];
  readonly does: string;
}

export interface KeyGroup {
  readonly where: string;
  readonly lines: readonly KeyLine[];
}

export const KEY_GROUPS: readonly KeyGroup[] = [
  {
    where: "Anywhere but in a field",
    lines: [
      { keys: ["/"], does: "Search the executions, or the history" },
      { keys: ["?"], does: "Show these keys" },
    ],
  },
  {
    where: "In the list of executions, and in the history",
    lines: [
      { keys: ["↑", "↓"], does: "Move to the one above or below" },
      { keys: ["Page Up", "Page Down"], does: "Move by a page" },
      { keys: ["Home", "End"], does: "Move to the first or the last" },
      { keys: ["Enter"], does: "Show its output" },
      { keys: ["Space"], does: "Select it, or select it no more" },
      { keys: ["Shift + ↑", "Shift + ↓"], does: "Select from here to there" },
      { keys: ["Ctrl + A", "⌘ + A"], does: "Select all that are shown" },
      { keys: ["Escape"], does: "Select none" },
      { keys: ["r"], does: "Run what is selected again, after a question" },
    ],
  },
  {
    where: "In the list of executions",
    lines: [
      { keys: ["k"], does: "Kill what is selected, after a question" },
      { keys: ["h"], does: "Hold what waits, or release it" },
      { keys: ["f", "b"], does: "Move what waits to the front or the back of the queue" },
      { keys: ["u"], does: "Move what waits up by one" },
      { keys: ["+", "-"], does: "Raise or lower the priority of what waits" },
    ],
  },
  {
    where: "In the history",
    lines: [
      { keys: ["s"], does: "Go on with its session" },
      { keys: ["p"], does: "Pin it, or take its pin away" },
      { keys: ["Delete"], does: "Delete what is selected, after a question" },
    ],
  },
  {
    where: "In the search",
    lines: [
      { keys: ["↓", "Enter"], does: "Go to the list" },
      { keys: ["Escape"], does: "Clear the search" },
    ],
  },
  {
    where: "In the query or a follow-up",
    lines: [{ keys: ["Ctrl + Enter", "⌘ + Enter"], does: "Execute, or send" }],
  },
  {
    where: "In an output",
    lines: [{ keys: ["Ctrl + F", "⌘ + F"], does: "Search it" }],
  },
];
