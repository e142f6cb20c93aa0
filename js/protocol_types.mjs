// Writes src/protocol.ts from the kernel's models; `--check` only compares, for the tests.
// The rule: src/protocol.ts is never edited by hand. PYTHON names the interpreter that has
// claude_widget; without it the environment beside the repository's root is used, else python3.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const target = join(here, "src", "protocol.ts");
const banner = `/**
 * The messages between kernel and page. Generated from claude_widget/protocol/ by \`npm run types\`:
 * do not edit; \`npm run check:types\` fails when the two differ.
 */`;

function readSchema() {
  const venv = join(root, ".venv", "bin", "python");
  const python = process.env.PYTHON ?? (existsSync(venv) ? venv : "python3");
  const run = spawnSync(python, ["-m", "scripts.protocol_schema"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (run.error) throw run.error;
  if (run.status !== 0) throw new Error(`${python} -m scripts.protocol_schema: ${run.stderr}`);
  return JSON.parse(run.stdout);
}

/** A property's own title would become a named type alias for each plain string. */
function withoutTitles(node) {
  if (Array.isArray(node)) return node.map(withoutTitles);
  if (node === null || typeof node !== "object") return node;
  const kept = Object.entries(node).filter(
    ([key, value]) => !(key === "title" && typeof value === "string"),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutTitles(value)]));
}

async function generate() {
  const { constants, schema } = readSchema();
  const numbers = Object.entries(constants).map(
    ([name, value]) => `export const ${name} = ${value};`,
  );
  const types = await compile({ ...withoutTitles(schema), title: "Protocol" }, "Protocol", {
    additionalProperties: false,
    bannerComment: "",
    ignoreMinAndMaxItems: true,
    unreachableDefinitions: true,
    style: { printWidth: 100 },
  });
  const named = types
    .replace(/\/\*\*\n \* This interface was referenced by[^/]*\*\/\n/g, "")
    .replace(
      / \*\n \* This interface was referenced by [^\n]*\n \* via the `definition` "[^"]*"\.\n/g,
      "",
    )
    .replace(/export interface Protocol \{[^}]*\}\n/, "");
  return `${banner}\n\n${numbers.join("\n")}\n\n${named.trim()}\n`;
}

const wanted = await generate();
if (process.argv.includes("--check")) {
  const have = existsSync(target) ? readFileSync(target, "utf8") : "";
  if (have !== wanted) {
    console.error("js/src/protocol.ts is not what claude_widget/protocol/ gives: npm run types");
    process.exit(1);
  }
} else {
  writeFileSync(target, wanted);
}
