/**
 * One execution in its own cell.
 *
 * The rule: the same header and output as on the dashboard, from the model's own row.
 */
import { useView } from "../view.ts";
import { ConnectionBanner } from "./banner.tsx";
import { Output } from "./output.tsx";

export function ExecutionView() {
  const { app } = useView();
  const { executionId } = app.ownRow.value;
  return (
    <>
      <ConnectionBanner />
      <div class="cw-output" role="region" aria-label="Output">
        <Output executionId={executionId} />
      </div>
    </>
  );
}
