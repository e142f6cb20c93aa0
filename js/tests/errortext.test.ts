/** Errors in words, each said once. */
import { describe, expect, test } from "vitest";
import { errorText, newErrors } from "../src/tools/errortext.ts";

describe("an error", () => {
  test.each([
    ["API error: API Error: 400 no", "API error: 400 no"],
    ["Error: API Error: 400 no", "API error: 400 no"],
    ["Error: Error: no", "Error: no"],
    ["Errors were made: two", "Errors were made: two"],
    ["no", "no"],
    ["", ""],
  ])("%j has one prefix", (text, said) => {
    expect(errorText(text)).toBe(said);
  });

  test("that the text or an earlier one has is not said again", () => {
    const errors = ["API Error: 400 no", "Error: 400 no", "Other", "Other", ""];
    expect(newErrors(errors, "API Error: 400 no")).toEqual(["Other"]);
    expect(newErrors(errors, "")).toEqual(["API error: 400 no", "Other"]);
  });
});
