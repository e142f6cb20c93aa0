/** What "always" would mean, in words: every kind of suggestion, and what is none. */
import { describe, expect, test } from "vitest";
import { describeSuggestion } from "../src/conversation/suggestions.ts";
import type { Json } from "../src/json.ts";

const words = (suggestion: Json): string => {
  const { action, items, place } = describeSuggestion(suggestion);
  return [action, items.join(", "), place].filter(Boolean).join(" ");
};
const rules = [{ toolName: "Bash", ruleContent: "npm test" }, { toolName: "Read" }];

describe("a suggestion in words", () => {
  test.each([
    [
      { type: "addRules", rules, behavior: "allow", destination: "localSettings" },
      "Always allow Bash(npm test), Read (any use of it) in this project, for you alone (.claude/settings.local.json)",
    ],
    [
      { type: "addRules", rules, behavior: "deny", destination: "projectSettings" },
      "Always deny Bash(npm test), Read (any use of it) in this project, for everyone who works on it (.claude/settings.json)",
    ],
    [
      { type: "replaceRules", rules, behavior: "ask", destination: "userSettings" },
      "Always ask for, in place of all such rules Bash(npm test), Read (any use of it) in all your projects (~/.claude/settings.json)",
    ],
    [
      { type: "removeRules", rules, behavior: "deny", destination: "session" },
      'No longer "always deny" Bash(npm test), Read (any use of it) until this session ends',
    ],
    [
      { type: "setMode", mode: "bypassPermissions", destination: "session" },
      "Change the permission mode (Never ask: allow everything) bypassPermissions until this session ends",
    ],
    [
      { type: "setMode", mode: "brandNew", destination: "elsewhere" },
      "Change the permission mode brandNew in elsewhere",
    ],
    [
      { type: "addDirectories", directories: ["/a", "/b"], destination: "session" },
      "Let its tools use these folders /a, /b until this session ends",
    ],
    [
      { type: "removeDirectories", directories: ["/a"], destination: "cliArg" },
      "No longer let its tools use these folders /a for this run",
    ],
  ])("%o", (suggestion, said) => {
    expect(words(suggestion)).toBe(said);
  });

  test.each([
    { type: "constructor" },
    { type: "toString", destination: "__proto__" },
    { type: "addRules", rules: [], behavior: "allow", destination: "session" },
    { type: "addRules", rules: [{ ruleContent: "x" }], behavior: "allow" },
    { type: "addRules", rules: [{ toolName: "Bash", ruleContent: 3 }], behavior: "allow" },
    { type: "addRules", rules, behavior: "constructor", destination: "session" },
    { type: "addRules", rules: "all", behavior: "allow" },
    { type: "setMode", destination: "session" },
    { type: "addDirectories", directories: ["/a", 3], destination: "session" },
    {},
  ])("shows what it does not understand whole: %o", (suggestion: Json) => {
    expect(describeSuggestion(suggestion)).toEqual({
      action: "Accept",
      items: [JSON.stringify(suggestion, null, 2)],
      place: "",
    });
  });
});
