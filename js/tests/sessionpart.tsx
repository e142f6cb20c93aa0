/**
 * A part of the view of one execution, with what the CLI has told of its session.
 *
 * The rule: real app and pane; faked are only what the transcript told and the far end of the model.
 */
import { type Signal, signal } from "@preact/signals";
import type { VNode } from "preact";
import { App } from "../src/app.ts";
import type { SessionFacts } from "../src/fold/blocks.ts";
import type { Pane } from "../src/pane/pane.ts";
import type { ExecutionRow } from "../src/protocol.ts";
import { drawIn } from "./drawn.tsx";
import { FakeModel, row, welcome } from "./fakes.ts";
import { abort, model, say, useModel } from "./stage.ts";

export const FACTS: SessionFacts = {
  sessionId: "s",
  model: "opus",
  effort: "",
  permissionMode: "default",
  cwd: "/home/user/project",
  models: [
    { value: "opus", name: "Opus", description: "", efforts: ["low", "high"] },
    { value: "haiku", name: "Haiku", description: "", efforts: [] },
  ],
  servers: [],
};

export let app: App;
export let facts: Signal<SessionFacts>;
export let selected: Signal<string | null>;

type Part = (row: ExecutionRow, pane: Pane) => VNode | null;

/** Draws a part of the view of one execution, with what the CLI has told of it. */
export async function part(drawPart: Part, fields: Partial<ExecutionRow> = {}, kind = "dashboard") {
  const own = row({ executionId: "run", status: "running", sessionId: "s", ...fields });
  const manager_id = `session-${Math.random()}`;
  useModel(new FakeModel({ kind, manager_id, execution_id: "run", row: own }));
  app = new App(model, [], abort.signal);
  if (kind === "dashboard") {
    await say(welcome(model.last("claude:hello").requestId, { executions: [own] }));
  }
  facts = signal(FACTS);
  selected = signal<string | null>("run");
  const { pane } = app.panes.use("run");
  const told = Object.assign(Object.create(pane), { facts, executionId: "run" }) as Pane;
  function Part() {
    const now = app.row("run")?.value;
    return now ? drawPart(now, told) : null;
  }
  await drawIn({ app, pane: told, selected }, <Part />);
}

export const done = (requestId: string) => say({ type: "claude:done", requestId });
