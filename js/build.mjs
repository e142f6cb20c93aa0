// Builds the front end into claude_widget/static: widget.js, widget.css and loader.js.
// The rule: two self-contained ES modules, no code splitting, since both are imported from blob
// URLs. `--watch` rebuilds as files change; `--demo` makes the plain page of demo.html, in dist/.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const demo = process.argv.includes("--demo");
const outdir = demo ? join(here, "dist") : join(here, "..", "claude_widget", "static");

const options = {
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
  outdir,
  loader: { ".jsonl": "text" },
  entryPoints: demo
    ? { demo: "src/demo.ts" }
    : { widget: "src/widget.ts", loader: "src/loader.ts" },
};

mkdirSync(outdir, { recursive: true });
if (process.argv.includes("--watch")) {
  const context = await esbuild.context(options);
  await context.watch();
} else {
  await esbuild.build(options);
}
