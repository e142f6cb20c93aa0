/** Execute All: in parallel, one after another, and one after another in one session. */
import { expect, test } from "vitest";
import type { CostEstimate } from "../src/protocol.ts";
import { refused } from "./fakes.ts";
import { alerts, dashboard, el, model, one, pass, press, say, type, usePage } from "./stage.ts";

usePage();

const sent = () =>
  model.sent.filter((message) => message.type === "claude:execute") as ReturnType<
    typeof model.last<"claude:execute">
  >[];
const last = () => model.last("claude:execute");
const started = (executionId: string) =>
  say({ type: "claude:execute", requestId: last().requestId, executionId });
const drafts = () => el.querySelectorAll(".cw-draft").length;
const drafted = () => one<HTMLElement>("section", "Drafts").textContent;

async function draft(...queries: string[]): Promise<void> {
  for (const query of queries) {
    await type("Query", query);
    await press("Add to drafts");
  }
}

async function order(words: string): Promise<void> {
  const field = el.querySelector<HTMLSelectElement>(".cw-draft-order select");
  expect(field?.parentElement?.textContent).toContain("Execute All starts them");
  const found = [...(field?.options ?? [])].find((option) => option.text === words);
  await pass(0, () => {
    if (!field || !found) throw new Error(`no ${words}`);
    field.value = found.value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

test("in parallel is what is chosen, and a single draft has no choice", async () => {
  await dashboard();
  await draft("one");
  expect(el.querySelector(".cw-draft-order")).toBeNull();
  await draft("two");
  expect(el.querySelector<HTMLSelectElement>(".cw-draft-order select")?.value).toBe("parallel");
  await press("Execute All");
  expect(sent().map(({ after }) => after ?? [])).toEqual([[], []]);
});

test("one after another: each comes after the one before, once that has its id", async () => {
  await dashboard();
  await draft("one", "two", "three");
  await order("one after another");
  await press("Execute All");
  expect(sent()).toHaveLength(1);
  expect(last()).toMatchObject({ query: "one" });
  await press("Execute All");
  expect(sent(), "it goes on already").toHaveLength(1);
  await started("id-1");
  expect(last()).toMatchObject({ query: "two", after: ["id-1"] });
  expect(last().continues ?? null).toBeNull();
  await started("id-2");
  expect(last()).toMatchObject({ query: "three", after: ["id-2"] });
  await started("id-3");
  expect([sent().length, drafts()]).toEqual([3, 0]);
});

test("in one session: each goes on with the session of the one before", async () => {
  await dashboard();
  await draft("one", "two");
  await order("one after another, in one session");
  await press("Execute All");
  await started("id-1");
  expect(last()).toMatchObject({
    query: "two",
    after: ["id-1"],
    continues: "id-1",
    sessionId: null,
    forkSession: false,
  });
});

test("a refused draft stops the chain and says so; tried again it comes after what was started", async () => {
  await dashboard();
  await draft("one", "two", "three");
  await order("one after another");
  await press("Execute All");
  await started("id-1");
  await say(refused(last().requestId, { message: "No such folder." }));
  expect([sent().length, drafts()]).toEqual([2, 2]);
  expect(alerts()[0]).toContain("No such folder.");
  expect(drafted()).toContain("One draft was refused, so 1 draft behind it was not started.");
  await press("Execute All");
  expect(last()).toMatchObject({ query: "two", after: ["id-1"] });
  await started("id-2");
  expect(last()).toMatchObject({ query: "three", after: ["id-2"] });
  await started("id-3");
  await draft("other", "later");
  await press("Execute All");
  expect(last().after ?? [], "a chain of its own").toEqual([]);
});

test("a draft in another folder is not put into the session", async () => {
  await dashboard();
  await draft("one");
  await type("Project path", "/elsewhere");
  await draft("two");
  await order("one after another, in one session");
  await press("Execute All");
  await started("id-1");
  expect(sent()).toHaveLength(1);
  expect(alerts()[0]).toContain("another folder");
  await order("one after another");
  await press("Execute All");
  expect(last()).toMatchObject({ query: "two", projectPath: "/elsewhere", after: ["id-1"] });
});

test("a draft that is removed meanwhile is left out", async () => {
  await dashboard();
  await draft("one", "two", "three");
  await order("one after another");
  await press("Execute All");
  const remove = el.querySelectorAll<HTMLButtonElement>("[aria-label='Remove draft']")[1];
  await pass(0, () => remove?.click());
  await started("id-1");
  expect(last()).toMatchObject({ query: "three", after: ["id-1"] });
});

test("what all drafts are likely to cost is asked for once they stand still, of these drafts only", async () => {
  const asked = () => model.all("claude:get-estimate").length;
  const answer = (fields: Partial<CostEstimate>) => {
    const { requestId, executions } = model.last("claude:get-estimate");
    const estimate = { executions: executions.length, lowUsd: 0.4, medianUsd: 0.7, highUsd: 1.2 };
    const told = { ...estimate, basis: "31 executions with the same model", ...fields };
    return say({ type: "claude:get-estimate", requestId, estimate: told });
  };
  await dashboard();
  await draft("one");
  await type("Model", "opus");
  await draft("two");
  expect(asked()).toBe(0);
  await pass(500);
  expect(asked()).toBe(1);
  const { executions } = model.last("claude:get-estimate");
  expect(executions.map(({ query, model: of }) => [query, of])).toEqual([
    ["one", null],
    ["two", "opus"],
  ]);
  await answer({});
  expect(drafted()).toContain(
    "Likely cost of 2 executions: $0.40 to $1.20 (median $0.70; estimate at list prices), from 31 executions with the same model.",
  );
  await draft("three");
  await pass(500);
  await draft("four");
  await answer({ basis: "what is of other drafts" });
  expect(drafted()).not.toContain("other drafts");
  await pass(500);
  const { requestId, executions: four } = model.last("claude:get-estimate");
  expect(four).toHaveLength(4);
  // The kernel leaves out what is null.
  const estimate = { executions: 4, basis: "no execution with a known cost has ended yet" };
  await say({ type: "claude:get-estimate", requestId, estimate: estimate as CostEstimate });
  expect(drafted()).toContain("4 executions: no estimate, since no execution with a known cost");
});
