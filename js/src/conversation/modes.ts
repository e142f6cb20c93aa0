/**
 * The CLI's permission modes and places of settings, in words.
 *
 * The rule: the modes are the protocol's; what is not known here is shown as it came.
 */
import type { Effort, PermissionMode } from "../ui.ts";

export const PERMISSION_MODES: Readonly<Record<PermissionMode, string>> = {
  default: "Ask before each call that needs it",
  acceptEdits: "Edit files without asking",
  plan: "Plan only, change nothing",
  auto: "Let the CLI decide what to ask",
  dontAsk: "Never ask: deny what is not allowed",
  bypassPermissions: "Never ask: allow everything",
};

/** From the least to the most; which of them a model takes, the CLI tells. */
export const EFFORTS: readonly Effort[] = ["low", "medium", "high", "xhigh", "max"];

const PLACES: Readonly<Record<string, string>> = {
  session: "until this session ends",
  cliArg: "for this run",
  localSettings: "in this project, for you alone (.claude/settings.local.json)",
  projectSettings: "in this project, for everyone who works on it (.claude/settings.json)",
  userSettings: "in all your projects (~/.claude/settings.json)",
};

export const placeOf = (destination: string): string =>
  (Object.hasOwn(PLACES, destination) && PLACES[destination]) ||
  `in ${destination || "the session"}`;

export const meaningOf = (mode: string): string =>
  Object.hasOwn(PERMISSION_MODES, mode) ? PERMISSION_MODES[mode as PermissionMode] : "";
