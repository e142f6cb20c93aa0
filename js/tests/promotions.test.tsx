/** What can be promoted of a comparison: who has a button, what it asks, and what is said of it. */
import { expect, test } from "vitest";
import type { Promotion, PromotionChoice } from "../src/protocol.ts";
import { diffAnswer } from "./difftext.ts";
import { refused } from "./fakes.ts";
import { all, button, el, HOSTILE, model, pass, press, say, show, usePage } from "./stage.ts";

usePage();

const choice = (label: string, fields: Partial<PromotionChoice> = {}): PromotionChoice => ({
  executionId: `id-${label}`,
  label,
  status: "completed",
  rank: null,
  score: "",
  fileCount: 2,
  added: 1234,
  removed: 1,
  ...fields,
});
const promotion = (fields: Partial<Promotion> = {}): Promotion => ({
  comparisonId: "c",
  waiting: 0,
  choices: [choice("opus", { rank: 1, score: "3.5" }), choice("haiku", { status: "failed" })],
  promotedId: null,
  ...fields,
});
const told = () => el.textContent ?? "";
const off = (name: string) => button(name).getAttribute("aria-disabled");

async function promotions(fields: Partial<Promotion> = {}): Promise<void> {
  show({ kind: "comparison", promotion: promotion(fields) });
  await pass(30);
}
const change = (fields: Partial<Promotion>) =>
  pass(0, () => model.set("promotion", promotion(fields)));

test("each that has a diff can be promoted, the best one first and foremost", async () => {
  await promotions();
  expect(told()).toContain("1. opus");
  expect(told()).toContain("score 3.5 · 2 files, +1,234 −1");
  expect(button("Promote opus").className).toContain("cw-primary");
  expect(button("Promote haiku").className).not.toContain("cw-primary");
  expect(told()).toContain("failed");
  await press("Promote haiku");
  const { comparisonId, executionId } = model.last("claude:promote-execution");
  expect([comparisonId, executionId]).toEqual(["c", "id-haiku"]);
  expect(off("Promote opus")).toBe("true");
});

test("a refusal is read beside it, and the promotion is shown once the kernel tells of it", async () => {
  await promotions();
  await press("Promote opus");
  const { requestId } = model.last("claude:promote-execution");
  const message = `The changes do not fit: ${HOSTILE}`;
  await say(
    refused(requestId, { kind: "WorktreeConflict", message, hint: "Nothing was changed." }),
  );
  expect(el.querySelector("[role=alert]")?.textContent).toBe(`${message}Nothing was changed.`);
  expect(el.querySelector("img")).toBeNull();
  expect(off("Promote opus")).toBe("false");
  await change({ promotedId: "id-opus" });
  expect(told()).toContain("Promoted: its changes are in the project's files.");
  expect(el.querySelector("li")?.textContent).toContain("promoted");
  expect(all("button", "Promote haiku")).toHaveLength(0);
});

test("nothing can be promoted until all are over, and the diff can be read before", async () => {
  await promotions({ waiting: 2 });
  expect(told()).toContain("2 are not over yet.");
  expect(off("Promote opus")).toBe("true");
  await press("Promote opus");
  expect(model.all("claude:promote-execution")).toHaveLength(0);
  await press("Changes of opus");
  expect(model.last("claude:get-diff").executionId).toBe("id-opus");
  await change({ choices: [] });
  expect(told()).toContain("There is nothing to promote");
});

test("diffs that are open stay, however many, when one is promoted", async () => {
  const labels = Array.from({ length: 9 }, (_, index) => `m${index}`);
  await promotions({ choices: labels.map((label) => choice(label)) });
  for (const label of labels) {
    await press(`Changes of ${label}`);
    await say(diffAnswer(model.last("claude:get-diff").requestId));
  }
  const shown = () => all("[role=status]", "2 files changed, +3 −1");
  expect(shown()).toHaveLength(9);
  await press("Promote m3");
  const { requestId } = model.last("claude:promote-execution");
  await pass(2000); // all of them are drawn anew, as the kernel is busy by now
  expect(shown()).toHaveLength(9);
  await say(refused(requestId, { kind: "WorktreeConflict", message: "no", hint: "" }));
  expect(shown()).toHaveLength(9);
  for (const label of labels) await press(`Hide changes of ${label}`);
  const asked = model.all("claude:get-diff").length;
  await press("Changes of m8");
  expect(shown()).toHaveLength(1);
  await press("Changes of m0");
  expect(shown()).toHaveLength(1);
  expect(model.all("claude:get-diff")).toHaveLength(asked + 2);
});
