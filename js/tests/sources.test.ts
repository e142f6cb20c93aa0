/** Promises about the sources and the bundle: no HTML from strings, and small. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { Lexer } from "marked";
import { describe, expect, test } from "vitest";
import { buildOptions, onlyLexer, panelsOptions } from "../build.mjs";
import { give } from "../src/parts/given.ts";
import * as panels from "../src/parts/panels.ts";

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

describe("what is built", () => {
  const KB = 1024;
  const built = Promise.all([
    esbuild.build({ ...buildOptions(false), write: false }),
    esbuild.build({ ...panelsOptions(), write: false }),
  ]);
  const find = async (name: string): Promise<esbuild.OutputFile> => {
    const file = (await built)
      .flatMap(({ outputFiles }) => outputFiles)
      .find(({ path }) => path.endsWith(`/${name}`));
    if (!file) throw new Error(`${name} was not built`);
    return file;
  };
  const gzipped = (file: esbuild.OutputFile) => gzipSync(file.contents, { level: 9 }).length;

  test.each([
    ["widget.js", 300, 100],
    ["widget.css", 56, 11],
    ["highlighter.js", 84, 30],
    ["panels.js", 124, 40],
  ])("%s has at most %i KB, gzipped %i KB", async (name, most, mostGzipped) => {
    const file = await find(name);
    expect(file.contents.length).toBeLessThanOrEqual(most * KB);
    expect(gzipped(file)).toBeLessThanOrEqual(mostGzipped * KB);
  });

  test("the panels are made of what the bundle gives them, and have no copy of it", async () => {
    const { text } = await find("panels.js");
    expect(text).toMatch(/require\("preact\/hooks"\)/);
    expect(text).not.toContain("__H");
    const { default: make } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    expect(Object.keys(make(give)).sort()).toEqual(Object.keys(panels).sort());
  });

  test("all that the panels take of a module is given to them", async () => {
    const { text } = await find("panels.js");
    const modules = text.matchAll(/\b([\w$]+)=require\("([^"]+)"\)/g);
    const missing = [...modules].flatMap(([, name = "", module = ""]) => {
      const taken = text.matchAll(
        new RegExp(`\\(0,${name.replaceAll("$", "\\$")}\\.(\\w+)\\)`, "g"),
      );
      return [...taken].map(([, what = ""]) => what).filter((what) => !(what in give(module)));
    });
    expect(missing).toEqual([]);
  });

  test("the loader is small, and has one place for the bundle's hash", async () => {
    const loader = await find("loader.js");
    expect(loader.contents.length).toBeLessThan(2 * KB);
    expect(loader.text.split("__BUNDLE_HASH__")).toHaveLength(2);
  });

  test("what is left of marked reads as all of it does", async () => {
    const { outputFiles } = await esbuild.build({
      stdin: { contents: 'export { Lexer, Tokenizer } from "marked";', resolveDir: SRC },
      plugins: [onlyLexer],
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
    });
    const code = outputFiles[0]?.text ?? "";
    expect(code).not.toContain("<blockquote>");
    expect(code.length).toBeLessThan(42 * KB);
    const url = `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
    const cut: { Lexer: typeof Lexer } = await import(url);
    const text = readFileSync(join(import.meta.dirname, "..", "..", "README.md"), "utf8");
    const read = (lexer: typeof Lexer) => JSON.stringify(new lexer({ gfm: true }).lex(text));
    expect(read(cut.Lexer)).toBe(read(Lexer));
  });
});
