/**
 * One block, drawn as in the pane of an execution.
 *
 * The rule: real app, pane and views; only the far end of the model is faked.
 */
import { type Signal, signal } from "@preact/signals";
import { type FunctionComponent, render } from "preact";
import { App } from "../src/app.ts";
import type { Block } from "../src/fold/blocks.ts";
import { PaneContext, ViewContext } from "../src/view.ts";
import { FakeModel, row, welcome } from "./fakes.ts";
import { abort, el, model, pass, say, useModel } from "./stage.ts";

/** Draws it, and gives what to change it by. */
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
  const view = { app, selected: signal<string | null>("run") };
  await pass(1000, () =>
    render(
      <ViewContext.Provider value={view}>
        <PaneContext.Provider value={pane}>
          <Shown />
        </PaneContext.Provider>
      </ViewContext.Provider>,
      el,
    ),
  );
  // What may come a moment later, such as highlighting, has come by then.
  await pass(1000);
  abort.signal.addEventListener("abort", () => render(null, el));
  return shown;
}
