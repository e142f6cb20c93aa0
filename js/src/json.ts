/**
 * Looking at JSON that somebody else wrote.
 *
 * The rule: a value of the wrong type reads as the empty one; nothing here throws.
 */

export type Json = { readonly [key: string]: unknown };

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The JSON object that a line is, or null for any other line. */
export function parseObject(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export const asText = (value: unknown): string => (typeof value === "string" ? value : "");
export const asNumber = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const asObject = (value: unknown): Json => (isObject(value) ? value : {});

/** As text for a reader; what is nested too deep for it is said in words. */
export function pretty(value: unknown): string {
  try {
    return JSON.stringify(value, null, 2) ?? "";
  } catch {
    return "(nested too deep to be shown)";
  }
}

const DEEPEST = 200;

/** Nested deeper than anything that a CLI means: walking through it could exhaust the stack. */
export function isTooDeep(value: unknown, left = DEEPEST): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (left === 0) return true;
  for (const name in value) if (isTooDeep((value as Json)[name], left - 1)) return true;
  return false;
}
