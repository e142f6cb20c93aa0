/**
 * One execution in its own cell.
 *
 * The rule: the same pane as on the dashboard, from the model's own row. It begins small, its header
 * and last lines, since a notebook may hold many; what the reader opened stays open.
 */
import { useView } from "../view.ts";
import { Announcements } from "./announce.tsx";
import { ConnectionBanner } from "./banner.tsx";
import { Output } from "./pane/output.tsx";

export function ExecutionView() {
  const { app } = useView();
  const { executionId } = app.ownRow.value;
  const open = app.ui.kept("execution open", false);
  const label = open.value ? "Show less" : "Show all";
  const button = (
    <button
      type="button"
      class="cw-button"
      aria-expanded={open.value}
      onClick={() => {
        open.value = !open.value;
      }}
    >
      {label}
    </button>
  );
  return (
    <>
      <ConnectionBanner />
      <Announcements />
      <div
        class={open.value ? "cw-output" : "cw-output cw-compact"}
        role="region"
        aria-label="Output"
      >
        <Output executionId={executionId} button={button} compact={!open.value} />
      </div>
    </>
  );
}
