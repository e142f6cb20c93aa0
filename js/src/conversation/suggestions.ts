/**
 * What "always" would mean: the CLI's suggestions for its permissions, in words.
 *
 * The rule: pure; one that is not understood whole is shown as the JSON that it is, so that nobody
 * accepts what is not said.
 */
import { asList, asObject, asText, type Json, pretty } from "../json.ts";
import { meaningOf, placeOf } from "./modes.ts";

export interface Suggestion {
  readonly action: string;
  /** What it is about, each as the CLI wrote it: rules, folders, a mode, or JSON. */
  readonly items: readonly string[];
  readonly place: string;
}

const BEHAVIORS: Readonly<Record<string, string>> = {
  allow: "Always allow",
  deny: "Always deny",
  ask: "Always ask for",
};

export function describeSuggestion(suggestion: Json): Suggestion {
  return known(suggestion) ?? { action: "Accept", items: [pretty(suggestion)], place: "" };
}

function known(suggestion: Json): Suggestion | null {
  const place = placeOf(asText(suggestion.destination));
  switch (suggestion.type) {
    case "addRules":
    case "replaceRules":
    case "removeRules":
      return aboutRules(suggestion, place);
    case "setMode": {
      const mode = asText(suggestion.mode);
      if (mode === "") return null;
      const meaning = meaningOf(mode);
      const action = meaning ? `Change the permission mode (${meaning})` : CHANGE_MODE;
      return { action, items: [mode], place };
    }
    case "addDirectories":
    case "removeDirectories":
      return aboutFolders(suggestion, place);
    default:
      return null;
  }
}

const CHANGE_MODE = "Change the permission mode";

function aboutRules(suggestion: Json, place: string): Suggestion | null {
  const rules = asList(suggestion.rules).map((rule) => ruleOf(asObject(rule)));
  const behavior = asText(suggestion.behavior);
  const always = Object.hasOwn(BEHAVIORS, behavior) ? BEHAVIORS[behavior] : undefined;
  const replaces = suggestion.type === "replaceRules";
  if (!always || rules.includes("") || (rules.length === 0 && !replaces)) return null;
  if (suggestion.type === "removeRules") {
    return { action: `No longer "${always.toLowerCase()}"`, items: rules, place };
  }
  const instead = replaces ? ", in place of all such rules" : "";
  return { action: `${always}${instead}`, items: rules, place };
}

/** As the CLI writes a rule: the tool, and what of it. */
function ruleOf(rule: Json): string {
  const tool = asText(rule.toolName);
  const { ruleContent } = rule;
  if (tool === "" || (ruleContent !== undefined && typeof ruleContent !== "string")) return "";
  return ruleContent ? `${tool}(${ruleContent})` : `${tool} (any use of it)`;
}

function aboutFolders(suggestion: Json, place: string): Suggestion | null {
  const folders = asList(suggestion.directories).map(asText);
  if (folders.length === 0 || folders.includes("")) return null;
  const adds = suggestion.type === "addDirectories";
  const action = adds
    ? "Let its tools use these folders"
    : "No longer let its tools use these folders";
  return { action, items: folders, place };
}
