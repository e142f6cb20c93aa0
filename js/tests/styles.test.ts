/** Styles that a reader depends on to tell one thing from another. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const read = (name: string) =>
  readFileSync(join(import.meta.dirname, "..", "src", "styles", name), "utf8");

/** All that is declared for a class by itself. */
function looksOf(css: string, name: string): string {
  const rules = [...css.matchAll(/([^{}]+)\{([^{}]*)\}/g)];
  const own = new RegExp(`\\.${name}(?![\\w-])`);
  return rules
    .filter(([, selector = ""]) => own.test(selector))
    .map(([, , declared = ""]) => declared.trim())
    .join(" ");
}

test.each([
  ["costs", ["cw-cost", "cw-played"]],
  ["tokens", ["cw-tokens-in", "cw-tokens-out", "cw-played"]],
])("no two series of %s look the same", (_, kinds) => {
  const looks = kinds.map((kind) => looksOf(read("charts.css"), kind));
  expect(looks).not.toContain("");
  expect(new Set(looks).size).toBe(kinds.length);
});

test("where the system chooses the colours, what is opened has a line", () => {
  const [, forced = ""] = read("wide.css").split("@media (forced-colors: active)");
  for (const opened of [".cw-row.cw-opened", ".cw-time-lane.cw-opened"]) {
    expect(forced).toContain(opened);
  }
});
