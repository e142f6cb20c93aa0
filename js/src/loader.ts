/**
 * The `_esm` of every widget: fetches the real front end once a page and hands over to it.
 *
 * The rule: under 2 KB, because it is sent and saved with each instance, and `initialize` returns at
 * once, because anywidget drops a model whose start takes 2 s. Messages that come before the bundle
 * are kept for it. A factory, not an object: `initialize` and `render` get different proxies of a
 * model, and only a closure of their own tells them that it is the same one.
 */
import type { AnyModel } from "@anywidget/types";
import type { Queued } from "./connection.ts";

interface Bundle {
  attach(model: AnyModel, queued: Queued[], signal: AbortSignal): void;
  render(view: { model: AnyModel; el: HTMLElement; signal: AbortSignal; css: string }): void;
}

const HASH = "__BUNDLE_HASH__";
const STYLE = `claude-widget-${HASH}`;
// By hash: the promise of the bundle. By hash and manager: when its kernel was last asked for it.
// biome-ignore lint/suspicious/noExplicitAny: shared with loaders of other versions
const page = globalThis as any;
page.__claudeWidget ??= {};
const shared = page.__claudeWidget;

function take(buffers: DataView[]): void {
  const [js, css] = buffers as DataView<ArrayBuffer>[];
  const url = URL.createObjectURL(new Blob([js as BlobPart], { type: "text/javascript" }));
  const style = document.createElement("style");
  style.id = STYLE;
  style.textContent = new TextDecoder().decode(css);
  document.head.append(style);
  shared[HASH] = import(url);
}

export default () => {
  let ready: Promise<Bundle>;
  let known: AnyModel;
  return {
    initialize({ model, signal }: { model: AnyModel; signal: AbortSignal }) {
      const queued: Queued[] = [];
      const requestId = `${Date.now()}-${Math.random()}`;
      known = model;
      const listen = (message: Queued[0], buffers: DataView[]) => {
        queued.push([message, buffers]);
        if (message.type === "claude:bundle" && message.hash === HASH && !shared[HASH]) {
          take(buffers);
        }
      };
      model.on("msg:custom", listen);
      ready = new Promise((resolve) => {
        const look = () => {
          const key = HASH + model.get("manager_id");
          if (signal.aborted) return;
          if (shared[HASH]) return resolve(shared[HASH]);
          setTimeout(look, 100);
          if (Date.now() - (shared[key] ?? 0) < 3000) return;
          shared[key] = Date.now();
          try {
            model.send({ type: "claude:bundle", requestId, hash: HASH });
          } catch {
            // The kernel is away: asked again.
          }
        };
        look();
      }).then((bundle) => {
        model.off("msg:custom", listen);
        (bundle as Bundle).attach(model, queued, signal);
        return bundle as Bundle;
      });
      ready.catch(() => {});
    },
    render({ el, signal }: { el: HTMLElement; signal: AbortSignal }) {
      const note = document.createElement("div");
      note.textContent = "Loading…";
      el.append(note);
      const timer = setTimeout(() => {
        note.textContent = "Kernel busy: loads when the cell ends.";
      }, 2000);
      ready.then(
        (bundle) => {
          clearTimeout(timer);
          note.remove();
          const css = document.getElementById(STYLE)?.textContent ?? "";
          if (!signal.aborted) bundle.render({ model: known, el, signal, css });
        },
        (error) => {
          clearTimeout(timer);
          note.textContent = `The view could not be loaded: ${error}`;
        },
      );
    },
  };
};
