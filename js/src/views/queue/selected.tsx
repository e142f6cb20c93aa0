/**
 * What can be done with those of the selected executions that wait.
 *
 * The rule: each button is there only if there are any that it is about.
 */
import { useComputed, useSignal } from "@preact/signals";
import { formatCount } from "../../format.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { cancelAll, changeAll, prioritise, toHold, toRelease } from "../../queue/ordering.ts";
import { useView } from "../../view.ts";
import { useListing } from "../list/listing.ts";
import { Question } from "./question.tsx";

export function QueueSelected() {
  const { app } = useView();
  const listing = useListing();
  const asked = useSignal<readonly string[] | null>(null);
  const rows = useComputed(() =>
    [...listing.selection.value.selected]
      .map((id) => app.store.row(id)?.value)
      .filter((row): row is ExecutionRow => row?.status === "pending"),
  ).value;
  const off = app.connection.state.value === "disconnected";
  const held = toHold(rows);
  const released = toRelease(rows);
  return (
    <>
      {held.length > 0 && (
        <Button off={off} onPress={() => void changeAll(app, held, "hold")}>
          {`Hold ${held.length}`}
        </Button>
      )}
      {released.length > 0 && (
        <Button off={off} onPress={() => void changeAll(app, released, "release")}>
          {`Release ${released.length}`}
        </Button>
      )}
      {held.length > 0 && (
        <>
          <Button off={off} onPress={() => void prioritise(app, held, 1)}>
            Priority +1
          </Button>
          <Button off={off} onPress={() => void prioritise(app, held, -1)}>
            Priority −1
          </Button>
        </>
      )}
      {rows.length > 0 && (
        <Button
          off={off}
          danger
          onPress={() => {
            asked.value = rows.map(({ executionId }) => executionId);
          }}
        >
          {`Cancel ${rows.length} pending…`}
        </Button>
      )}
      {asked.value && (
        <Question
          what={`Cancel ${formatCount(asked.value.length, "pending execution")}`}
          onCancel={() => {
            asked.value = null;
          }}
          onConfirm={() => asked.value && void cancelAll(app, asked.value)}
        >
          They are never started. Those of them that have begun by then go on.
        </Question>
      )}
    </>
  );
}

interface ButtonProps {
  readonly off: boolean;
  readonly danger?: boolean;
  readonly onPress: () => void;
  readonly children: string;
}

function Button({ off, danger = false, onPress, children }: ButtonProps) {
  return (
    <button
      type="button"
      class={danger ? "cw-button cw-danger" : "cw-button"}
      aria-disabled={off}
      onClick={() => !off && onPress()}
    >
      {children}
    </button>
  );
}
