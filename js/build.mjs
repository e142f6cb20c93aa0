// Builds the front end into claude_widget/static: loader.js, widget.js with its widget.css,
// highlighter.js and panels.js. The rule: ES modules without imports, no shared chunks, since all are
// imported from blob URLs; panels.js is a function that is given what it shares with widget.js.
// `--watch` rebuilds as files change; `--demo` makes the page of demo.html, in dist/.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

/**
 * Of marked only what reads: what writes HTML is left out, which nothing here may use. It comes as
 * one minified file that cannot be cut by import; another version of it may need another cut.
 * @type {import("esbuild").Plugin}
 */
export const onlyLexer = {
  name: "only-lexer",
  setup(build) {
    build.onLoad({ filter: /[\\/]marked[\\/]lib[\\/]marked\.esm\.js$/ }, async ({ path }) => {
      const whole = await readFile(path, "utf8");
      const end = whole.search(/var [\w$]+=class\{options;parser;constructor\(/);
      const [, lexer] = /[{,]([\w$]+) as Lexer[,}]/.exec(whole) ?? [];
      const [, tokenizer] = /[{,]([\w$]+) as Tokenizer[,}]/.exec(whole) ?? [];
      if (end < 0 || !lexer || !tokenizer) throw new Error("marked is built in another way now");
      const exported = `export{${lexer} as Lexer,${tokenizer} as Tokenizer};`;
      return { contents: `${whole.slice(0, end)}\n${exported}`, loader: "js" };
    });
  },
};

/** @returns {import("esbuild").BuildOptions} */
export const buildOptions = (demo) => ({
  absWorkingDir: here,
  bundle: true,
  minify: !demo,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  outdir: demo ? join(here, "dist") : join(here, "..", "claude_widget", "static"),
  loader: { ".jsonl": "text" },
  plugins: [onlyLexer],
  entryPoints: demo
    ? { demo: "src/demo.ts" }
    : { widget: "src/widget.ts", loader: "src/loader.ts", highlighter: "src/text/highlighter.ts" },
});

/**
 * What parts/given.ts imports is not built into the panels: they ask for it by the same names.
 * @type {import("esbuild").Plugin}
 */
const givenByBundle = {
  name: "given-by-bundle",
  setup(build) {
    const place = join(here, "src", "parts");
    const source = readFileSync(join(place, "given.ts"), "utf8");
    const given = new Set([...source.matchAll(/ from "([^"]+)";/g)].map(([, name]) => name));
    build.onResolve({ filter: /./ }, ({ path, resolveDir, kind }) => {
      if (kind === "entry-point") return null;
      const file = relative(place, resolve(resolveDir, path)).replaceAll("\\", "/");
      const name = path.startsWith(".") ? file : path;
      return given.has(name) ? { path: name, external: true } : null;
    });
  },
};

/** @returns {import("esbuild").BuildOptions} */
export const panelsOptions = () => ({
  ...buildOptions(false),
  format: "cjs",
  plugins: [givenByBundle],
  entryPoints: { panels: "src/parts/panels.ts" },
  banner: { js: "export default require=>{const module={};" },
  footer: { js: "return module.exports}" },
});

if (argv[1] === fileURLToPath(import.meta.url)) {
  const demo = argv.includes("--demo");
  for (const options of demo ? [buildOptions(true)] : [buildOptions(false), panelsOptions()]) {
    if (argv.includes("--watch")) await (await esbuild.context(options)).watch();
    else await esbuild.build(options);
  }
}
