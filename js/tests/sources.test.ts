/** Promises about the sources and the bundle: no HTML from strings, and small. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { describe, expect, test } from "vitest";
import { buildOptions } from "../build.mjs";

const SRC = join(import.meta.dirname, "..", "src");
const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.tsx?$/.test(name),
);
const BANNED =
  /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|DOMParser|createContextualFragment|srcdoc|setHTML|\beval\(|new Function/i;

describe.each(files)("%s", (name) => {
  const text = readFileSync(join(SRC, name), "utf8");

  test("makes no HTML out of strings", () => {
    expect(text).not.toMatch(BANNED);
  });

  test("is short enough to be read, if a person wrote it", () => {
    if (name !== "protocol.ts") expect(text.split("\n").length).toBeLessThanOrEqual(300);
  });
});

test("the bundle and the loader stay within their budgets", async () => {
  const built = await esbuild.build({ ...buildOptions(false), write: false });
  const outputs = built.outputFiles ?? [];
  const sizes = Object.fromEntries(
    outputs.map((file) => [file.path.split("/").at(-1), file.contents.length]),
  );
  expect(sizes["loader.js"]).toBeLessThan(2048);
  expect((sizes["widget.js"] ?? 0) + (sizes["widget.css"] ?? 0)).toBeLessThan(300 * 1024);
  const loader = outputs.find((file) => file.path.endsWith("loader.js"))?.text ?? "";
  expect(loader.split("__BUNDLE_HASH__")).toHaveLength(2);
});
