// Builds the front end into claude_widget/static: loader.js, widget.js with its widget.css, and
// highlighter.js. The rule: self-contained ES modules, no shared chunks, since all are imported from
// blob URLs. `--watch` rebuilds as files change; `--demo` makes the page of demo.html, in dist/.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
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

if (argv[1] === fileURLToPath(import.meta.url)) {
  const options = buildOptions(argv.includes("--demo"));
  if (argv.includes("--watch")) await (await esbuild.context(options)).watch();
  else await esbuild.build(options);
}
