/** A unified diff, read by file. */
import { describe, expect, test } from "vitest";
import { readUnified } from "../src/tools/unified.ts";
import { TEXT } from "./difftext.ts";

describe("a unified diff", () => {
  test("is read by file, and what a line says is never a head", () => {
    const found = readUnified(TEXT);
    expect([...found.keys()]).toEqual(["code.py", "new"]);
    expect(found.get("new")?.[0]?.lines).toEqual([
      "+n",
      "++ diff --git a/x b/x",
      "\\ No newline at end of file",
    ]);
    expect(found.get("code.py")?.[0]).toMatchObject({ oldStart: 1, newStart: 1 });
  });

  test("has the names that git quotes, and those with blanks", () => {
    const heads = [
      '"a/n\\nl\\377" "b/n\\nl\\377"',
      "a/a b/c b/a b/c",
      '"a/q\\"t\\001" "b/q\\"t\\001"',
    ];
    const found = readUnified(heads.map((names) => `diff --git ${names}\n`).join(""));
    expect([...found.keys()]).toEqual(["n\nl\ufffd", "a b/c", 'q"t\u0001']);
  });

  test("that is cut off within a hunk is read as far as it goes", () => {
    const found = readUnified(TEXT.slice(0, TEXT.indexOf("+TWO")));
    expect(found.get("code.py")?.[0]?.lines).toEqual([" one", "-two"]);
  });
});
