// Builds the front end into claude_widget/static: loader.js, widget.js with its widget.css, and
// highlighter.js. The rule: self-contained ES modules, no shared chunks, since all are imported from
// blob URLs. `--watch` rebuilds as files change; `--demo` makes the page of demo.html, in dist/.
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

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
  entryPoints: demo
    ? { demo: "src/demo.ts" }
    : { widget: "src/widget.ts", loader: "src/loader.ts", highlighter: "src/highlighter.ts" },
});

if (argv[1] === fileURLToPath(import.meta.url)) {
  const options = buildOptions(argv.includes("--demo"));
  if (argv.includes("--watch")) await (await esbuild.context(options)).watch();
  else await esbuild.build(options);
}
