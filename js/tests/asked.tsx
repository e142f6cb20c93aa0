/**
 * The card of what an execution asks, as a test looks at it and answers it.
 *
 * The rule: real app, pane and card; only the far end of the model is faked.
 */
import { type Signal, signal } from "@preact/signals";
import { App } from "../src/app.ts";
import type { RequestBlock } from "../src/fold/blocks.ts";
import { keepFocus } from "../src/page/focus.ts";
import type { ExecutionRow } from "../src/protocol.ts";
import { SETTLE_MS } from "../src/views/requests/guard.ts";
import { RequestView } from "../src/views/requests/request.tsx";
import { drawIn } from "./drawn.tsx";
import { FakeModel, row, welcome } from "./fakes.ts";
import { abort, el, model, pass, say, useModel } from "./stage.ts";

const ASKED: RequestBlock = {
  kind: "request",
  key: "request:1",
  parent: null,
  controlId: "c1",
  asks: "permission",
  toolUseId: "t1",
  tool: "Bash",
  input: { command: "npm test", description: "Run the tests" },
  title: "",
  inputClipped: false,
  description: "",
  why: "This command requires approval",
  blockedPath: "/home/user/project/x.txt",
  suggestions: [],
  defaultToNo: false,
  agentId: "",
  state: "open",
  answer: null,
};
export const RULE = {
  type: "addRules",
  rules: [{ toolName: "Bash", ruleContent: "npm test" }],
  behavior: "allow",
  destination: "localSettings",
};
export const MODE = { type: "setMode", mode: "acceptEdits", destination: "session" };

let block: Signal<RequestBlock>;

export const drawn = signal(true);

function Asked({ block }: { block: Signal<RequestBlock> }) {
  return drawn.value ? <RequestView block={block.value} /> : null;
}

/** Draws the card of a request of a running execution, and lets it settle. */
export async function card(fields: Partial<RequestBlock> = {}, of: Partial<ExecutionRow> = {}) {
  useModel(new FakeModel({ kind: "dashboard", manager_id: `requests-${Math.random()}` }));
  const app = new App(model, [], abort.signal);
  const running = row({ executionId: "run", status: "running", ...of });
  await say(welcome(model.last("claude:hello").requestId, { executions: [running] }));
  block = signal({ ...ASKED, ...fields });
  const { pane } = app.panes.use("run");
  await drawIn({ app, pane, settle: SETTLE_MS }, <Asked block={block} />);
  keepFocus(el, abort.signal);
}

export const group = () => el.querySelector('[role="group"]') as HTMLElement;
export const answer = () => model.last("claude:answer-request");
export const answers = () => model.all("claude:answer-request");
export const enter = (element: Element) =>
  pass(0, () => {
    const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
    element.dispatchEvent(event);
  });
export const check = (input: HTMLInputElement) => pass(0, () => input.click());
export const close = (fields: Partial<RequestBlock>) =>
  pass(0, () => {
    block.value = { ...block.value, ...fields };
  });

export const BY_PAGE = { message: "", input: null, permissions: [], by: "page" };
