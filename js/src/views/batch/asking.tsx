/**
 * That some of many executions ask for an answer, and the way to the one that has waited longest.
 *
 * The rule: each click opens the next one of those that ask, and never closes one.
 */
import { openExecution } from "../../batch/opening.ts";
import { useView } from "../../view.ts";

interface AskingProps {
  /** How many ask. */
  readonly asking: number;
  /** Of some of them, the longest waiting first. */
  readonly ids: readonly string[];
  /** The same in words. */
  readonly said: string;
}

export function Asking({ asking, ids, said }: AskingProps) {
  const view = useView();
  const opened = view.selected.value;
  const next = ids[ids.indexOf(opened ?? "") + 1] ?? ids[0];
  if (asking === 0) return null;
  const isOpen = next === undefined || next === opened;
  return (
    <div class="cw-batch-line cw-batch-asking" role="status">
      <b>{said}</b>
      {!isOpen && (
        <button
          type="button"
          class="cw-button cw-primary"
          onClick={() => void openExecution(view, next)}
        >
          {asking === 1
            ? "Open it"
            : opened && ids.includes(opened)
              ? "Open the next"
              : "Open the first"}
        </button>
      )}
    </div>
  );
}
