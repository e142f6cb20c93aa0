/**
 * What is about to be started is likely to cost so much.
 *
 * The rule: asked for once what would be started stands still, and again when it is another; an
 * answer to what it was before is dropped. Where nothing can be said of it, nothing is.
 */
import { useEffect, useState } from "preact/hooks";
import {
  type CostEstimate,
  type GetEstimate,
  MOST_ESTIMATED,
  type ToEstimate,
} from "../../protocol.ts";
import { likelyText } from "../../queue/estimating.ts";
import type { Settings } from "../../ui.ts";
import { useView } from "../../view.ts";

/** Milliseconds. */
const SETTLED = 400;

export const toEstimate = (settings: Settings, template: string | null = null): ToEstimate => ({
  query: template === null ? settings.query : "",
  template,
  projectPath: settings.projectPath.trim() || ".",
  model: settings.model.trim() || null,
  effort: settings.effort || null,
});

export function LikelyCost({ starts }: { starts: readonly ToEstimate[] }) {
  const { connection } = useView().app;
  const [told, setTold] = useState<CostEstimate | null>(null);
  const asked = JSON.stringify(starts.slice(0, MOST_ESTIMATED));
  const away = connection.state.value === "disconnected";
  useEffect(() => {
    if (away) return;
    let current = true;
    const tell = (estimate: CostEstimate | null) => {
      if (current) setTold(estimate);
    };
    const timer = setTimeout(() => {
      const executions = JSON.parse(asked) as GetEstimate["executions"];
      connection.request({ type: "claude:get-estimate", executions }).then(
        (answer) => tell(answer.type === "claude:get-estimate" ? answer.estimate : null),
        () => tell(null),
      );
    }, SETTLED);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [connection, asked, away]);
  return told && <p class="cw-hint cw-likely">{likelyText(told)}</p>;
}
