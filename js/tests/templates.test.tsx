/** Templates in the form: chosen, filled in by type, previewed, confirmed and started. */
import { describe, expect, test } from "vitest";
import type { TemplateChoice, TemplateVariable } from "../src/protocol.ts";
import { refused } from "./fakes.ts";
import {
  alerts,
  all,
  button,
  dashboard,
  el,
  HOSTILE,
  key,
  model,
  one,
  pass,
  pick,
  press,
  say,
  type,
  usePage,
} from "./stage.ts";

usePage();

const variable = (fields: Partial<TemplateVariable> & { name: string }): TemplateVariable => ({
  type: "str",
  required: false,
  default: "",
  description: "",
  enum: [],
  ...fields,
});
const REVIEW: TemplateChoice = {
  name: "review",
  scope: "project",
  path: "/p/.claude_widget/templates/review.md",
  description: "Review a folder",
  options: ["model"],
  problem: "",
  variables: [
    variable({ name: "path", default: "src", description: "What to look at" }),
    variable({ name: "depth", type: "int", required: true }),
    variable({ name: "deep", type: "bool", default: "true" }),
    variable({ name: "tone", enum: ["kind", "strict"], default: "kind" }),
    variable({ name: "since", type: "date" }),
  ],
};
const fold = () =>
  [...el.querySelectorAll("details")].find((it) =>
    it.textContent?.startsWith("Templates"),
  ) as HTMLDetailsElement;

async function opened(...templates: TemplateChoice[]): Promise<void> {
  await dashboard();
  expect(model.all("claude:get-templates")).toHaveLength(0);
  await pass(0, () => {
    fold().open = true;
    fold().dispatchEvent(new Event("toggle"));
  });
  await pass(400);
  const { requestId } = model.last("claude:get-templates");
  await say({ type: "claude:get-templates", requestId, templates, more: 0 });
}
const chosen = async () => {
  await opened(REVIEW);
  await pick("Template", "0");
};
const previewed = (fields: { query?: string; problems?: { name: string; problem: string }[] }) => {
  const { requestId } = model.last("claude:preview-template");
  const told = { query: "", truncated: false, problems: [], ...fields };
  return say({ type: "claude:preview-template", requestId, ...told });
};
const kinds = () =>
  [...fold().querySelectorAll<HTMLInputElement>("input, textarea, .cw-more-fields select")].map(
    (it) => (it.tagName === "INPUT" ? it.getAttribute("type") : it.tagName.toLowerCase()),
  );

const primaries = () =>
  [...el.querySelectorAll(".cw-form .cw-primary")].map((it) => it.textContent);

test("the form has one primary button: the template's while one is chosen in an open fold", async () => {
  await opened(REVIEW);
  expect(primaries()).toEqual(["Execute"]);
  await pick("Template", "0");
  expect(primaries()).toEqual(["Execute template"]);
  one<HTMLInputElement>("input", "depth required").focus();
  expect(await key("Enter")).toBe(true); // else it would execute the query
  await pass(0, () => {
    fold().open = false;
    fold().dispatchEvent(new Event("toggle"));
  });
  expect(all(".cw-primary", "Execute")).toHaveLength(1);
});

describe("the list", () => {
  test("is asked for when it is opened, and says where there is none", async () => {
    await opened();
    expect(fold().textContent).toContain("None found.");
  });

  test("has names and problems as text, and only what can be started to choose", async () => {
    await opened(REVIEW, { ...REVIEW, name: "bad", path: `${HOSTILE}\u202e`, problem: "line 1" });
    expect([...one("select", "Template").querySelectorAll("option")]).toHaveLength(2);
    expect(fold().textContent).toContain("U+202E");
    expect(el.querySelector("img, script")).toBeNull();
  });
});

describe("a template that is chosen", () => {
  test("has a field for each variable, by its type, with its default", async () => {
    await chosen();
    expect(kinds()).toEqual(["textarea", "text", "checkbox", "select", "date"]);
    expect(one<HTMLTextAreaElement>("textarea", "path").value).toBe("src");
    expect(one<HTMLInputElement>("input", "deep").checked).toBe(true);
    expect(fold().textContent).toContain("What to look at");
  });

  test("says what it is likely to cost before it is started", async () => {
    await chosen();
    await pass(500);
    const { requestId, executions } = model.last("claude:get-estimate");
    expect(executions).toMatchObject([{ template: "review", projectPath: "/home/user/project" }]);
    const estimate = { executions: 1, lowUsd: 0.1, medianUsd: 0.1, highUsd: 0.1, basis: "one" };
    await say({ type: "claude:get-estimate", requestId, estimate });
    expect(fold().textContent).toContain(
      "Likely cost of 1 execution: $0.10 (estimate at list prices), from one.",
    );
  });

  test("is previewed, and what is wrong stands beside its field until it is changed", async () => {
    await chosen();
    await press("Preview");
    expect(model.last("claude:preview-template")).toMatchObject({
      name: "review",
      projectPath: "/home/user/project",
      variables: { path: "src", deep: "true", tone: "kind" },
    });
    await previewed({ problems: [{ name: "depth", problem: "is missing" }] });
    const field = one<HTMLInputElement>("input", "depth required");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(fold().textContent).toContain("It is missing.");
    await type("depth required", "3");
    expect(field.getAttribute("aria-invalid")).toBe("false");
    await press("Preview");
    await previewed({ query: `Look ${HOSTILE}` });
    expect(one("[role=status]", "Preview").textContent).toBe(`Look ${HOSTILE}`);
    expect(el.querySelector("img, script")).toBeNull();
  });

  test("is started with its values and what else the form says", async () => {
    await chosen();
    await type("depth required", "3");
    await type("Model", "opus");
    await press("Execute template");
    await previewed({ query: "Look" });
    const { requestId, ...asked } = model.last("claude:execute");
    expect(asked).toMatchObject({
      query: "",
      template: "review",
      variables: { path: "src", depth: "3", deep: "true", tone: "kind" },
      projectPath: "/home/user/project",
      model: "opus",
    });
    await say({ type: "claude:execute", requestId, executionId: "new" });
    expect(alerts()).toEqual([]);
  });

  test("is not started with values that are wrong", async () => {
    await chosen();
    await press("Execute template");
    await previewed({ problems: [{ name: "depth", problem: "is missing" }] });
    expect(model.all("claude:execute")).toHaveLength(0);
    expect(fold().textContent).toContain("1 value to mend.");
  });

  test("that asks for more than a prompt may is shown and confirmed first", async () => {
    await chosen();
    await press("Execute template");
    await previewed({ query: "Look" });
    const mcpConfig = {
      path: "/p",
      scope: "settings" as const,
      digest: "d1",
      servers: [{ name: "permission_mode", runs: '"bypassPermissions"' }],
      problem: "",
    };
    const { requestId } = model.last("claude:execute");
    await say(refused(requestId, { kind: "TemplateNotConfirmed", mcpConfig }));
    expect(fold().textContent).toContain("bypassPermissions");
    await pass(2000);
    await press("Confirm and execute");
    await previewed({ query: "Look" });
    expect(model.last("claude:execute")).toMatchObject({ confirmedSettings: "d1" });
    expect(all("button", "Confirm and execute")).toHaveLength(0);
    expect(button("Execute template").getAttribute("aria-disabled")).toBe("true");
  });
});
