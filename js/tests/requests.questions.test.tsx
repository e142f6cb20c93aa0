/** Questions, plans and all else that an execution asks: what the cards show and send. */
import { describe, expect, test } from "vitest";
import { answer, answers, BY_PAGE, card, check, close, group, MODE } from "./asked.tsx";
import { alerts, all, el, pass, press, type, usePage } from "./stage.ts";

usePage();

const COLOUR = {
  question: "Which colour?",
  header: "Colour",
  multiSelect: false,
  options: [
    { label: "Green", description: "Go" },
    { label: "Red", description: "Stop" },
  ],
};
const FEATURES = { ...COLOUR, question: "Which features?", multiSelect: true };

describe("questions", () => {
  const ask = (...questions: unknown[]) =>
    card({ asks: "questions", tool: "AskUserQuestion", input: { questions, extra: 1 } });
  const choice = (name: string, at = 0) => {
    const found = [...el.querySelectorAll("label")].filter((label) =>
      label.textContent?.startsWith(name),
    );
    return found[at]?.querySelector("input") as HTMLInputElement;
  };

  test("are answered by one choice each, all at once", async () => {
    await ask(COLOUR, FEATURES);
    expect(group().textContent).toContain("Which colour?");
    expect(el.querySelectorAll("input:checked")).toHaveLength(0);
    await check(choice("Red"));
    await press("Answer");
    expect(answers(), "one has no answer yet").toHaveLength(0);
    await check(choice("Red", 1));
    await check(choice("Green", 1));
    await press("Answer");
    expect(answer().decision).toMatchObject({
      behavior: "allow",
      updatedInput: {
        extra: 1,
        answers: { "Which colour?": "Red", "Which features?": "Green, Red" },
      },
    });
  });

  test("are answered in one's own words", async () => {
    await ask(COLOUR, FEATURES);
    const [first, second] = all("input", "Other, in your own words") as HTMLInputElement[];
    const write = (field: HTMLInputElement | undefined, text: string) =>
      pass(0, () => {
        if (!field) return;
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
    await check(choice("Green"));
    await write(first, "Blue");
    expect(choice("Green").checked, "one choice only").toBe(false);
    await check(choice("Green", 1));
    await write(second, " Purple ");
    await press("Answer");
    expect(answer().decision).toMatchObject({
      updatedInput: { answers: { "Which colour?": "Blue", "Which features?": "Green, Purple" } },
    });
  });

  test("that were answered show the answers", async () => {
    await ask(COLOUR);
    const input = { answers: { "Which colour?": "Green" } };
    await close({ state: "allowed", answer: { ...BY_PAGE, by: "callable", input } });
    expect(group().textContent).toContain("Which colour?Green");
  });

  test("can be declined", async () => {
    await ask(COLOUR);
    await press("Decline");
    expect(answer().decision).toMatchObject({ behavior: "deny" });
    expect(answer().decision).toHaveProperty("message", "The user did not want to answer.");
  });

  test("with nothing sensible in them do no harm", async () => {
    await card({ asks: "questions", input: { questions: [null, { options: "x" }] } });
    expect(group().textContent).toContain("Questions for you");
  });
});

describe("a plan", () => {
  const PLAN = { asks: "plan", tool: "ExitPlanMode", input: { plan: "First look.\n" } } as const;

  test("is read and approved", async () => {
    await card(PLAN);
    expect(group().textContent).toContain("First look.");
    await press("Approve");
    expect(answer().decision).toMatchObject({ behavior: "allow", updatedInput: null });
    await close({ state: "allowed" });
    expect(group().textContent).toContain("Approved the plan");
  });

  test("says that it is not all there", async () => {
    await card({ ...PLAN, inputClipped: true });
    expect(group().textContent).toContain("This is not all of it: it is too long.");
  });

  test("is sent back with what should be different", async () => {
    await card(PLAN);
    await type("Message with Keep planning", "Smaller steps");
    await press("Keep planning");
    expect(answer().decision).toMatchObject({ behavior: "deny", message: "Smaller steps" });
  });

  test("is approved with what the CLI proposes", async () => {
    await card({ ...PLAN, suggestions: [MODE] });
    const names = [...el.querySelectorAll("button")].map((each) => each.textContent);
    const [, second = ""] = names;
    expect(second).toContain("Approve, and change the permission mode");
    await press(second);
    expect(answer().decision).toMatchObject({ updatedPermissions: [MODE] });
  });
});

describe("another request", () => {
  const OTHER = {
    asks: "other",
    tool: "db",
    title: "Which table?",
    input: { subtype: "elicitation", message: "Which table?", requested_schema: { x: 1 } },
  } as const;

  test("is accepted with an object, and with nothing else", async () => {
    await card(OTHER);
    expect(group().textContent).toContain("requested_schema");
    await type("Answer (JSON)", "table");
    await press("Accept");
    expect(alerts()[0]).toContain("This is not a JSON object.");
    await type("Answer (JSON)", '{"table": "users"}');
    await press("Accept");
    expect(answer().decision).toMatchObject({ updatedInput: { table: "users" } });
    expect(answers()).toHaveLength(1);
  });

  test("is declined", async () => {
    await card(OTHER);
    await press("Decline");
    expect(answer().decision).toMatchObject({ behavior: "deny" });
  });
});
