/**
 * One block, or another part of the view of one execution, drawn as it is there.
 *
 * The rule: real app, pane and views; only the far end of the model is faked.
 */
import { type Signal, signal } from "@preact/signals";
import { type FunctionComponent, render, type VNode } from "preact";
import { App } from "../src/app.ts";
import type { Block } from "../src/fold/blocks.ts";
import type { Pane } from "../src/pane/pane.ts";
import { PaneContext, ViewContext } from "../src/view.ts";
import { FakeModel, row, welcome } from "./fakes.ts";
import { abort, el, model, pass, say, useModel } from "./stage.ts";

interface Within {
  readonly app: App;
  readonly pane: Pane;
  readonly selected?: Signal<string | null>;
  /** Milliseconds that pass once it is drawn. */
  readonly settle?: number;
}

/** Draws a part of the view of one execution, until the test is over. */
export async function drawIn(within: Within, part: VNode): Promise<void> {
  const { app, pane, selected = signal<string | null>("run"), settle = 0 } = within;
  await pass(settle, () =>
    render(
      <ViewContext.Provider value={{ app, selected }}>
        <PaneContext.Provider value={pane}>{part}</PaneContext.Provider>
      </ViewContext.Provider>,
      el,
    ),
  );
  abort.signal.addEventListener("abort", () => render(null, el));
}

/** Draws a block, and gives what to change it by. */
export async function draw<B extends Block>(
  View: FunctionComponent<{ block: B }>,
  block: B,
): Promise<Signal<B>> {
  useModel(new FakeModel({ kind: "dashboard", manager_id: `drawn-${Math.random()}` }));
  const app = new App(model, [], abort.signal);
  const executions = [row({ executionId: "run", projectPath: "/home/user/project" })];
  await say(welcome(model.last("claude:hello").requestId, { executions }));
  const { pane } = app.panes.use("run");
  const shown = signal(block);
  const Shown = () => <View block={shown.value} />;
  await drawIn({ app, pane, settle: 1000 }, <Shown />);
  // What may come a moment later, such as highlighting, has come by then.
  await pass(1000);
  return shown;
}
