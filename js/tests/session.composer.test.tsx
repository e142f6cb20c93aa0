/** Follow-ups to an execution: what is sent, queued, resumed, and what ends a turn or a session. */
import { render as draw } from "preact";
import { describe, expect, test } from "vitest";
import type { ExecutionRow } from "../src/protocol.ts";
import { Composer } from "../src/views/session/composer.tsx";
import { refused } from "./fakes.ts";
import { app, FACTS, facts, part, selected } from "./sessionpart.tsx";
import {
  alerts,
  all,
  button,
  change,
  el,
  model,
  one,
  pass,
  pong,
  press,
  say,
  tell,
  type,
  usePage,
} from "./stage.ts";

usePage();

const followUp = () => one<HTMLTextAreaElement>("textarea", "Follow-up");
const sent = () => model.last("claude:send-prompt");

describe("the composer", () => {
  const composer = (fields: Partial<ExecutionRow> = {}, kind?: string) =>
    part((now, pane) => <Composer row={now} pane={pane} />, fields, kind);

  test("queues a follow-up while the turn runs, and says so before", async () => {
    await composer();
    expect(el.textContent).toContain("Will be queued until this turn is over.");
    await type("Follow-up", "And then?");
    await press("Send");
    expect(sent()).toMatchObject({ executionId: "run", query: "And then?", fork: false });
    button("Sending…");
    await say({
      type: "claude:send-prompt",
      requestId: sent().requestId,
      executionId: "run",
    });
    expect(followUp().value).toBe("");
    expect(selected.value).toBe("run");
  });

  test("is sent by Ctrl+Enter, never by Enter, and never blank", async () => {
    await composer();
    const key = (ctrlKey: boolean) =>
      pass(0, () => {
        const init = { key: "Enter", ctrlKey, bubbles: true };
        followUp().dispatchEvent(new KeyboardEvent("keydown", init));
      });
    await key(true);
    await type("Follow-up", " \n ");
    await key(true);
    await type("Follow-up", "Go on");
    await key(false);
    expect(model.all("claude:send-prompt")).toHaveLength(0);
    await key(true);
    expect(model.all("claude:send-prompt")).toHaveLength(1);
  });

  test("of an ended one resumes its session in a new execution, which is then shown", async () => {
    await composer({ status: "completed" });
    expect(el.textContent).toContain("Resumes the session in a new execution.");
    expect(all("button", "Interrupt")).toEqual([]);
    await type("Follow-up", "Once more");
    await press("Send");
    await say({ type: "claude:send-prompt", requestId: sent().requestId, executionId: "next" });
    expect(selected.value).toBe("next");
  });

  test("in the view of one execution says where it goes on", async () => {
    await composer({ status: "completed" }, "execution");
    await type("Follow-up", "Once more");
    await press("Send");
    await say({ type: "claude:send-prompt", requestId: sent().requestId, executionId: "next" });
    expect(el.textContent).toContain("It goes on in execution next.");
  });

  test("forks", async () => {
    await composer();
    await pass(0, () => el.querySelector<HTMLInputElement>("input[type=checkbox]")?.click());
    expect(el.textContent).toContain("Goes on in a new session, and leaves this one as it is.");
    await type("Follow-up", "Another way");
    await press("Send");
    expect(sent().fork).toBe(true);
  });

  test("keeps the text where it is refused, as of one that just died", async () => {
    await composer();
    await type("Follow-up", "Still there?");
    await press("Send");
    await say(refused(sent().requestId, { kind: "ControlFailed", message: "It has just died." }));
    await tell(change("run", { status: "failed", reason: "crashed" }));
    expect(alerts()).toEqual(["It has just died."]);
    expect(followUp().value).toBe("Still there?");
    const before = sent().requestId;
    await press("Send");
    expect(sent().requestId, "it was answered: this is a new one").not.toBe(before);
  });

  test("sends the same one again where the answer was lost with the kernel", async () => {
    await composer();
    await type("Follow-up", "Hello?");
    await press("Send");
    const { requestId } = sent();
    model.gone = true;
    await pass(0, () => model.emit("comm_live_update"));
    await pass(5000);
    expect(followUp().value).toBe("Hello?");
    expect(alerts()[0]).toContain("Disconnected");
    expect(button("Send").getAttribute("aria-disabled")).toBe("true");
    model.gone = false;
    await pass(0, () => model.emit("comm_live_update"));
    await pong();
    await press("Send");
    expect(sent().requestId).toBe(requestId);
  });

  test("keeps what was typed for each execution", async () => {
    await composer();
    await type("Follow-up", "half");
    await pass(0, () => draw(null, el));
    expect(app.ui.kept("follow-up run ", { text: "", fork: false }).value.text).toBe("half");
  });

  test("interrupts the turn, and says what is wrong with it", async () => {
    await composer();
    await press("Interrupt");
    const { requestId, executionId } = model.last("claude:interrupt-execution");
    expect(executionId).toBe("run");
    await say(refused(requestId, { message: "It has just ended." }));
    expect(alerts()).toEqual(["It has just ended."]);
    expect(all("button", "End session")).toEqual([]);
  });

  test("a click that comes late interrupts nothing, and does not end the session instead", async () => {
    await composer();
    const aimed = button("Interrupt");
    await tell(change("run", { awaitsInput: true }));
    await pass(0, () => aimed.click());
    expect(aimed.isConnected).toBe(true);
    expect([...el.querySelectorAll(".cw-turn button")].at(-1)).toBe(aimed);
    expect(model.all("claude:interrupt-execution")).toHaveLength(0);
    expect(model.all("claude:end-execution")).toHaveLength(0);
  });

  test("does not promise a queue while only tasks in the background may live", async () => {
    await composer({ taskCount: 1 });
    expect(el.textContent).toContain("Goes in at once, or when this turn is over.");
  });

  test("leaves the reader where they went while it was sent", async () => {
    await composer({ status: "completed" });
    await type("Follow-up", "Once more");
    await press("Send");
    selected.value = "another";
    await say({ type: "claude:send-prompt", requestId: sent().requestId, executionId: "next" });
    expect(selected.value).toBe("another");
  });

  test("of one that stays open says that it waits, and ends it", async () => {
    await composer({ awaitsInput: true });
    expect(el.textContent).toContain("It waits for your input.");
    await press("Interrupt");
    expect(model.all("claude:interrupt-execution"), "no turn runs").toHaveLength(0);
    await press("End session");
    expect(model.last("claude:end-execution").executionId).toBe("run");
  });

  test("says of what takes none that it takes none", async () => {
    await composer({ recorded: true });
    expect(el.textContent).toBe("A recorded execution takes no follow-up.");
    await tell(change("run", { recorded: false, status: "pending" }));
    expect(el.textContent).toBe("");
    await tell(change("run", { status: "failed", sessionId: null }));
    facts.value = { ...FACTS, sessionId: "" };
    await pass();
    expect(el.textContent).toBe("It ended before it had a session to go on with.");
  });
});
