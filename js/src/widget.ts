/**
 * The bundle's entry: makes an app for each model and draws views of it.
 *
 * The rule: wiring only. `attach` is called once a model, `render` once a view, both by the loader
 * with the same model; everything ends with the signal that came with it.
 */
import { signal } from "@preact/signals";
import { render as draw, h } from "preact";
import { App } from "./app.ts";
import type { Model, Queued } from "./connection.ts";
import { keepFocus } from "./page/focus.ts";
import { fetchPanels, panels } from "./parts/panelspart.ts";
import { type View, ViewContext } from "./view.ts";
import { BatchView, ComparisonView, PipelineView } from "./views/batch.tsx";
import { Dashboard } from "./views/dashboard.tsx";
import { ExecutionView } from "./views/execution.tsx";
import "./styles.css";

const VIEWS = {
  dashboard: Dashboard,
  execution: ExecutionView,
  batch: BatchView,
  pipeline: PipelineView,
  comparison: ComparisonView,
};
const apps = new WeakMap<Model, App>();

export function attach(model: Model, queued: readonly Queued[], abort: AbortSignal): void {
  const app = new App(model, queued, abort);
  apps.set(model, app);
  panels.provide(() => fetchPanels(app.parts), app.store, abort);
}

export interface RenderOptions {
  readonly model: Model;
  readonly el: HTMLElement;
  readonly signal: AbortSignal;
  readonly css?: string;
}

export function render({ model, el, signal: abort, css }: RenderOptions): void {
  const app = apps.get(model);
  if (!app || abort.aborted) return;
  const host = document.createElement("div");
  host.className = `claude-widget claude-widget-${app.kind}`;
  // JupyterLab's shortcuts listen on the document: without this Ctrl+Enter in the query would run
  // the cell again, and a stray D D on a focused button would delete it. The attribute is not
  // enough, because a shortcut's selector may match the focused element itself.
  host.setAttribute("data-lm-suppress-shortcuts", "true");
  host.addEventListener("keydown", keepKeys, { signal: abort });
  keepFocus(host, abort);
  el.append(host);
  if (css) styleShadow(host, css, abort);
  const view: View = { app, selected: signal(app.ui.lastSelected.value) };
  draw(h(ViewContext.Provider, { value: view }, h(VIEWS[app.kind], {})), host);
  const unfollow = showWanted(view, host);
  const rest = app.connection.watch();
  abort.addEventListener("abort", () => {
    unfollow();
    rest();
    draw(null, host);
    host.remove();
  });
}

/** A click on a notification leads to its execution. */
function showWanted({ app, selected }: View, host: HTMLElement): () => void {
  const before = app.ui.wanted.peek();
  return app.ui.wanted.subscribe((wanted) => {
    if (!wanted || wanted === before) return;
    selected.value = wanted.executionId;
    host.scrollIntoView({ block: "nearest" });
  });
}

/**
 * Keys are ours, but for combinations such as Ctrl+S. A key that is held down is one press: a button
 * would be pressed again and again, and so would whatever comes into its place.
 */
function keepKeys(event: KeyboardEvent): void {
  const onButton = event.target instanceof Element && event.target.matches("button");
  if (event.repeat && event.key === "Enter" && onButton) event.preventDefault();
  const combined = event.ctrlKey || event.metaKey || event.altKey;
  if (!combined || event.key === "Enter") event.stopPropagation();
}

/** A style in the document's head does not reach into a shadow root, where marimo puts widgets. */
function styleShadow(host: HTMLElement, css: string, abort: AbortSignal): void {
  const place = () => {
    const root = host.getRootNode();
    if (!(root instanceof ShadowRoot)) return;
    const style = document.createElement("style");
    style.textContent = css;
    host.before(style);
    abort.addEventListener("abort", () => style.remove());
  };
  if (host.isConnected) place();
  else requestAnimationFrame(place);
}
