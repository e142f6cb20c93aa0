/** What comes at the wrong moment: keys held down, second clicks, and focus that would be lost. */
import { signal } from "@preact/signals";
import { type ComponentChildren, render as draw } from "preact";
import { describe, expect, test } from "vitest";
import { App } from "../src/app.ts";
import { ViewContext } from "../src/view.ts";
import { KeptBlock } from "../src/views/pane/kept.tsx";
import { Output } from "../src/views/pane/output.tsx";
import { RawPanel } from "../src/views/pane/raw.tsx";
import { Code } from "../src/views/text/code.tsx";
import { Markdown } from "../src/views/text/markdown.tsx";
import { ClippedText } from "../src/views/text/text.tsx";
import { FakeModel, row } from "./fakes.ts";
import {
  abort,
  all,
  button,
  dashboard,
  EXECUTIONS,
  el,
  item,
  model,
  pass,
  press,
  say,
  show,
  type,
  useModel,
  usePage,
} from "./stage.ts";

usePage();

const started = (executionId: string) => {
  const { requestId } = model.last("claude:rerun-execution");
  return say({ type: "claude:rerun-execution", requestId, executionId });
};

describe("Re-run", () => {
  const own = row({ executionId: "own", query: "Mine", status: "completed" });

  test("of a key that is held down is one", async () => {
    show({ kind: "execution", execution_id: "own", row: own });
    const key = (repeat: boolean) => {
      const init = { key: "Enter", repeat, bubbles: true, cancelable: true };
      return button("Re-run").dispatchEvent(new KeyboardEvent("keydown", init));
    };
    expect(key(false)).toBe(true);
    expect(key(true), "no click follows").toBe(false);
  });

  test("does not run the new one again with the second click of two", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("View", item("Fail"));
    const click = (detail: number) =>
      pass(0, () => {
        button("Re-run").dispatchEvent(new MouseEvent("click", { detail, bubbles: true }));
      });
    await click(1);
    await started("run");
    expect(item("Run it").getAttribute("aria-current")).toBe("true");
    await click(2);
    expect(model.all("claude:rerun-execution")).toHaveLength(1);
  });

  test("leaves the reader where they went in the meantime", async () => {
    await dashboard({ executions: EXECUTIONS });
    await press("View", item("Fail"));
    await press("Re-run");
    await press("View", item("Held"));
    await started("run");
    expect(item("Held").getAttribute("aria-current")).toBe("true");
  });
});

describe("a pane", () => {
  test("is given back even if its view goes before it was painted", async () => {
    useModel(new FakeModel({ kind: "dashboard", manager_id: "brief" }));
    const app = new App(model, [], abort.signal);
    const view = { app, selected: signal<string | null>("run") };
    const body = (part: ComponentChildren) => (
      <ViewContext.Provider value={view}>{part}</ViewContext.Provider>
    );
    // Not by `act`, which runs what is left for after the painting.
    draw(body(<Output executionId="run" />), el);
    draw(body(<RawPanel executionId="run" />), el);
    draw(null, el);
    const ids = (kind: "claude:open-pane" | "claude:close-pane") =>
      model.all(kind).map((message) => (message as { paneId: string }).paneId);
    expect(ids("claude:open-pane")).toHaveLength(2);
    expect(ids("claude:close-pane")).toEqual(ids("claude:open-pane"));
  });
});

describe("the focus", () => {
  test("stays on Execute while it starts, which a second press does not start again", async () => {
    await dashboard();
    await type("Query", "Do it");
    button("Execute").focus();
    await press("Execute");
    expect(button("Execute").disabled, "it would lose the focus").toBe(false);
    await press("Execute");
    expect(model.all("claude:execute")).toHaveLength(1);
    expect(document.activeElement).toBe(button("Execute"));
  });

  test("stays in the widget when the last draft is removed", async () => {
    await dashboard();
    await type("Query", "Do it");
    await press("Add to drafts");
    button("Remove draft").focus();
    await press("Remove draft");
    expect(all("button", "Remove draft")).toEqual([]);
    expect(document.activeElement).toBe(el.firstElementChild);
  });
});

describe("Ctrl+F", () => {
  const find = (element: Element) => {
    const init = { key: "f", ctrlKey: true, bubbles: true, cancelable: true };
    return element.dispatchEvent(new KeyboardEvent("keydown", init));
  };
  const pane = () => el.querySelector(".cw-pane") as HTMLElement;

  test("is the host's where a cell shows no search", async () => {
    const own = row({ executionId: "own", query: "Mine", status: "running" });
    show({ kind: "execution", execution_id: "own", row: own });
    expect(find(pane())).toBe(true);
    await press("Show all");
    expect(find(pane())).toBe(false);
  });
});

describe("what was shown more of", () => {
  test("is still shown when the block was scrolled away and drawn again", async () => {
    useModel(new FakeModel({ kind: "dashboard", manager_id: "kept" }));
    const app = new App(model, [], abort.signal);
    const view = { app, selected: signal<string | null>(null) };
    const long = `${"word ".repeat(30_000)}`;
    const show = (part: ComponentChildren) =>
      pass(0, () =>
        draw(
          <ViewContext.Provider value={view}>
            <KeptBlock block="run text:1">{part}</KeptBlock>
          </ViewContext.Provider>,
          el,
        ),
      );
    const parts = [
      <Markdown key="markdown" text={long} streaming={false} />,
      <Code key="code" text={long} />,
      <ClippedText key="clipped" text={long} length={1000} />,
    ];
    for (const part of parts) {
      await show(part);
      const more = () =>
        [...el.querySelectorAll("button")].find(({ textContent }) => /^Show/.test(textContent));
      await pass(0, () => more()?.click());
      const length = el.textContent?.length ?? 0;
      await show(null);
      await show(part);
      expect(el.textContent?.length).toBe(length);
    }
    await pass(0, () => draw(null, el));
  });
});
