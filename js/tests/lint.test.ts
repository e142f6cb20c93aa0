/** The linter refuses every way from a string to markup or code, and nothing else for that reason. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const JS = join(import.meta.dirname, "..");
const SINKS = [
  "el.innerHTML = text;",
  "el.outerHTML += text;",
  'el["innerHTML"] = text;',
  "frame.srcdoc = text;",
  'el.insertAdjacentHTML("beforeend", text);',
  'el["insertAdjacentHTML"]("beforeend", text);',
  "el.setHTML(text);",
  "el.setHTMLUnsafe(text);",
  "Document.parseHTMLUnsafe(text);",
  "document.write(text);",
  "document.writeln(text);",
  'new DOMParser().parseFromString(text, "text/html");',
  "new Range().createContextualFragment(text);",
  "eval(text);",
  "new Function(text);",
  "Function(text);",
  'setTimeout("alert(1)", 1);',
  'el.setAttribute("onclick", text);',
  'el.setAttribute("href", text);',
  'el["onclick"] = text;',
  "Object.assign(el, { innerHTML: text });",
  "<div dangerouslySetInnerHTML={{ __html: text }} />;",
  "<iframe srcDoc={text} />;",
  'trustedTypes.createPolicy("x", {});',
];
const FINE = [
  "el.textContent = text;",
  "el.append(document.createTextNode(text));",
  "const range = document.createRange();",
  "setTimeout(() => el.focus(), 1);",
  'el.setAttribute("aria-label", text);',
  "<a href={text}>{text}</a>;",
];

let folder = "";
let refused: ReadonlySet<string>;

interface Report {
  readonly diagnostics: readonly {
    readonly category: string;
    readonly location: { readonly path: unknown };
  }[];
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lint-"));
  mkdirSync(join(folder, "src"));
  cpSync(join(JS, "biome.json"), join(folder, "biome.json"));
  cpSync(join(JS, "lint"), join(folder, "lint"), { recursive: true });
  const plant = (line: string, name: string) =>
    writeFileSync(join(folder, "src", name), `${line}\n`);
  SINKS.forEach((line, index) => void plant(line, `sink${index}.tsx`));
  FINE.forEach((line, index) => void plant(line, `fine${index}.tsx`));
  const { diagnostics } = JSON.parse(lint()) as Report;
  const planted = diagnostics.filter(({ category }) => category === "plugin");
  refused = new Set(
    planted.map(({ location }) => /\w+\.tsx/.exec(JSON.stringify(location))?.[0] ?? ""),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function lint(): string {
  const command = join(JS, "node_modules", ".bin", "biome");
  const options = ["lint", "--reporter=json", "--max-diagnostics=none", "src"];
  try {
    return execFileSync(command, options, { cwd: folder, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test.each(SINKS.map((line, index) => [line, `sink${index}.tsx`]))("refuses %s", (_, name) => {
  expect(refused).toContain(name);
});

test.each(FINE.map((line, index) => [line, `fine${index}.tsx`]))("lets %s pass", (_, name) => {
  expect(refused).not.toContain(name);
});
