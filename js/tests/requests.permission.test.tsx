/** A permission that an execution asks for: what its card shows and sends, and no stray key does. */
import { describe, expect, test } from "vitest";
import { SETTLE_MS } from "../src/views/requests/guard.ts";
import {
  answer,
  answers,
  BY_PAGE,
  card,
  check,
  close,
  drawn,
  enter,
  group,
  MODE,
  RULE,
} from "./asked.tsx";
import { refused } from "./fakes.ts";
import {
  alerts,
  all,
  button,
  el,
  model,
  one,
  pass,
  pong,
  press,
  say,
  type,
  usePage,
} from "./stage.ts";

usePage();

describe("a permission", () => {
  test("says what tool, what command, where and why", async () => {
    await card({ agentId: "agent-7" });
    expect(group().getAttribute("aria-label")).toBe("Permission for Bash");
    for (const part of [
      "Needs you",
      "Bash",
      "npm test",
      "Run the tests",
      "/home/user/project/x.txt",
      "agent-7",
      "This command requires approval",
    ]) {
      expect(group().textContent).toContain(part);
    }
  });

  test("is allowed once, with the input as it was, and says so until the transcript does", async () => {
    await card();
    await press("Allow once");
    expect(answer()).toMatchObject({
      executionId: "run",
      controlId: "c1",
      decision: { behavior: "allow", updatedInput: null, updatedPermissions: [] },
    });
    button("Answering…");
    await say({ type: "claude:done", requestId: answer().requestId });
    button("Answering…");
    await press("Deny");
    expect(answers()).toHaveLength(1);
    await close({ state: "allowed" });
    expect(group().textContent).toBe("Allowed Bash");
    expect(all("button", "Allow once")).toEqual([]);
  });

  test("is denied with a message, by the button or by Enter in its line", async () => {
    await card();
    await type("Message with Deny", "Use make instead");
    await enter(one("input", "Message with Deny"));
    expect(answer().decision).toEqual({
      behavior: "deny",
      message: "Use make instead",
      interrupt: false,
    });
  });

  test("takes no key and no click before it has been seen for a moment", async () => {
    await card();
    await close({ controlId: "c2" });
    await pass(SETTLE_MS - 1);
    await press("Allow once");
    expect(answers()).toHaveLength(0);
    await pass(1);
    await press("Allow once");
    expect(answer().controlId).toBe("c2");
  });

  test("takes no focus when it comes, and Enter elsewhere answers nothing", async () => {
    await card();
    expect(document.activeElement).toBe(document.body);
    await enter(group());
    await enter(document.body);
    expect(answers()).toHaveLength(0);
  });

  test("keeps the focus when what had it goes", async () => {
    await card();
    const allow = button("Allow once");
    allow.focus();
    await press("Allow once");
    expect(document.activeElement).toBe(allow);
    await close({ state: "allowed" });
    expect(document.activeElement).toBe(group());
  });

  test("spells out what always would mean, and sends only what is picked", async () => {
    await card({ suggestions: [RULE, MODE, { type: "new", x: 1 }] });
    await press("Always allow…");
    await pass(SETTLE_MS);
    const text = group().textContent;
    expect(text).toContain(
      "Always allow Bash(npm test) in this project, for you alone (.claude/settings.local.json)",
    );
    expect(text).toContain("(Edit files without asking) acceptEdits until this session ends");
    expect(text).toContain('"type": "new"');
    const boxes = [...el.querySelectorAll<HTMLInputElement>("input[type=checkbox]")];
    expect(boxes.map(({ checked }) => checked)).toEqual([false, false, false]);
    await press("Allow and remember");
    expect(answers()).toHaveLength(0);
    await check(boxes[0] as HTMLInputElement);
    await press("Allow and remember");
    expect(answer().decision).toMatchObject({ updatedInput: null, updatedPermissions: [RULE] });
  });

  test("has the only suggestion picked, which can be left out", async () => {
    await card({ suggestions: [RULE] });
    await press("Always allow…");
    await pass(SETTLE_MS);
    await press("Allow and remember");
    expect(answer().decision).toMatchObject({ updatedPermissions: [RULE] });
  });

  test("with nothing picked there is nothing to remember", async () => {
    await card({ suggestions: [RULE], defaultToNo: true });
    await press("Always allow…");
    await pass(SETTLE_MS);
    const box = el.querySelector<HTMLInputElement>("input[type=checkbox]");
    expect(box?.checked, "where no is the default nothing is chosen beforehand").toBe(false);
    expect(button("Allow and remember").getAttribute("aria-disabled")).toBe("true");
    await press("Allow and remember");
    expect(answers()).toHaveLength(0);
  });

  test("a click where Always allow was does not confirm it as well", async () => {
    await card({ suggestions: [RULE] });
    await press("Always allow…");
    await press("Allow and remember");
    expect(answers()).toHaveLength(0);
  });

  test("lets Deny stand out where the CLI says that no is the default", async () => {
    await card({ defaultToNo: true });
    expect(button("Deny").classList.contains("cw-primary")).toBe(true);
    expect(button("Allow once").classList.contains("cw-primary")).toBe(false);
    const buttons = [...el.querySelectorAll("button")].map((each) => each.textContent);
    expect(buttons[0]).toBe("Deny");
  });

  test("is allowed with another command", async () => {
    await card();
    await press("Edit input…");
    await type("Command", "npm test -- --run");
    await pass(SETTLE_MS);
    await press("Allow with this input");
    expect(answer().decision).toMatchObject({
      updatedInput: { command: "npm test -- --run", description: "Run the tests" },
    });
  });

  test("says that JSON is none, and does not send it", async () => {
    await card({ tool: "Grep", input: { pattern: "x" } });
    await press("Edit input…");
    await pass(SETTLE_MS);
    for (const wrong of ["{", "[1]", '"text"', ""]) {
      await type("Input (JSON)", wrong);
      await press("Allow with this input");
      expect(alerts()[0], wrong).toContain("This is not a JSON object.");
    }
    expect(answers()).toHaveLength(0);
    await type("Input (JSON)", '{"pattern": "y"}');
    await press("Allow with this input");
    expect(answer().decision).toMatchObject({ updatedInput: { pattern: "y" } });
  });

  test("shows hidden characters, also where the input is edited", async () => {
    const command = "rm a\u202etxt.\u001b[31m\u200b";
    await card({ input: { command }, title: "Run\u202e it", blockedPath: "/a\u2066b" });
    const text = group().textContent ?? "";
    for (const code of ["U+202E", "U+001B", "U+200B", "U+2066"]) expect(text).toContain(code);
    for (const hidden of "\u202e\u2066\u200b\u001b") expect(el.innerHTML).not.toContain(hidden);
    await press("Edit input…");
    const field = one<HTMLTextAreaElement>("textarea", "Input (JSON)");
    expect(field.value).toContain("\\u202etxt.\\u001b[31m\\u200b");
    await pass(SETTLE_MS);
    await press("Allow with this input");
    expect(answer().decision).toMatchObject({ updatedInput: { command } });
  });

  test("labels every hidden character of a command, however many there are", async () => {
    await card({ input: { command: `echo ${"\u202ea".repeat(1500)}; rm -rf /` } });
    expect(group().textContent).toContain("; rm -rf /");
    expect(group().textContent?.split("U+202E")).toHaveLength(1501);
  });

  test("says how much of a long input is not shown", async () => {
    await card({ input: { command: `${"x".repeat(30_000)}; rm -rf /` } });
    expect(group().textContent).not.toContain("rm -rf");
    expect(group().textContent).toContain("10,010 more characters are not shown.");
    await press("Show all");
    expect(group().textContent).toContain("rm -rf");
  });

  test("of a change to a file shows the difference", async () => {
    const edit = { file_path: "/p/a.py", old_string: "one\ntwo", new_string: "one\nthree" };
    await card({ tool: "Edit", input: edit });
    expect(group().textContent).toContain("/p/a.py");
    expect(group().querySelector(".cw-diff")?.textContent).toMatch(/two.*three/s);
    await close({ tool: "Write", input: { file_path: "/p/b.py", content: "fresh\n" } });
    expect(group().querySelector(".cw-diff")?.textContent).toContain("fresh");
    await close({ tool: "Edit", input: { file_path: 3, old_string: {} } });
    expect(group().textContent, "what is not understood is shown as it is").toContain("file_path");
  });

  test("that is refused keeps what was typed, and says why", async () => {
    await card();
    await type("Message with Deny", "no");
    await press("Deny");
    const message = "Request c1 of execution run was answered by somebody else before.";
    await say(refused(answer().requestId, { kind: "RequestGone", message }));
    expect(alerts()[0]).toContain(message);
    expect(one<HTMLInputElement>("input", "Message with Deny").value).toBe("no");
    await close({ state: "allowed", answer: BY_PAGE });
    expect(group().textContent).toContain("Answered elsewhere: Allowed Bash");
  });

  test("answered by another page goes, and says that it was elsewhere", async () => {
    await card();
    const field = one<HTMLInputElement>("input", "Message with Deny");
    field.focus();
    await close({ state: "denied", answer: { ...BY_PAGE, message: "Not today" } });
    expect(group().textContent).toBe("Answered elsewhere: Denied BashNot today");
    expect(document.activeElement).toBe(group());
  });

  test("taken back by the CLI leaves one quiet line", async () => {
    await card();
    await close({ state: "cancelled" });
    expect(group().textContent).toBe("Taken back by the CLI: Bash");
    expect(group().querySelectorAll("button, input")).toHaveLength(0);
  });

  test("says who decided, and what for good", async () => {
    await card({ state: "allowed", answer: { ...BY_PAGE, by: "callable", permissions: [MODE] } });
    expect(group().textContent).toContain("Allowed Bash by the notebook's callable");
    expect(group().textContent).toContain("until this session ends");
    expect(group().textContent).not.toContain("elsewhere");
  });

  test("of a recorded execution takes no answer", async () => {
    await card({}, { recorded: true });
    await press("Allow once");
    await enter(one("input", "Message with Deny"));
    expect(answers()).toHaveLength(0);
    expect(group().textContent).toContain("it takes no answer");
  });

  test("cannot be answered while the kernel is gone, and can again afterwards", async () => {
    await card();
    model.gone = true;
    await press("Allow once");
    expect(alerts()[0]).toContain("Disconnected");
    expect(button("Allow once").getAttribute("aria-disabled")).toBe("true");
    model.gone = false;
    await pass(0, () => model.emit("comm_live_update"));
    await pong();
    const [first] = answers();
    await press("Allow once");
    expect(answers(), "the same answer is the same request").toHaveLength(1 + (first ? 1 : 0));
  });

  test("survives that it is taken off the page: what was typed is there again", async () => {
    await card();
    await type("Message with Deny", "half a thought");
    await press("Edit input…");
    await type("Command", "npm run other");
    await pass(0, () => {
      drawn.value = false;
    });
    expect(all("button", "Deny")).toEqual([]);
    await pass(0, () => {
      drawn.value = true;
    });
    expect(one<HTMLTextAreaElement>("textarea", "Command").value).toBe("npm run other");
    expect(one<HTMLInputElement>("input", "Message with Deny").value).toBe("half a thought");
  });
});
