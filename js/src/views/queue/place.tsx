/**
 * The place of one that waits, and what changes it.
 *
 * The rule: buttons are there only where this kernel starts it; one that would change nothing says
 * so, and keeps the focus.
 */
import { useComputed } from "@preact/signals";
import { formatNumber } from "../../format.ts";
import type { ExecutionRow } from "../../protocol.ts";
import {
  changeOf,
  changeQueue,
  type Move,
  move,
  movesOf,
  waitsHere,
} from "../../queue/ordering.ts";
import { useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";

export interface QueuePlaceProps {
  readonly row: ExecutionRow;
  readonly tabIndex: 0 | -1;
}

export function QueuePlace({ row, tabIndex }: QueuePlaceProps) {
  const { app } = useView();
  const { store } = app;
  const { executionId } = row;
  const place = useComputed(() => store.places.value.get(executionId)).value;
  const { problem } = changeOf(app, executionId).value;
  const here = waitsHere(row);
  const text = place ? `#${formatNumber(place)}` : heldText(row, here);
  return (
    <>
      <div class="cw-place">
        {text && (
          <span class="cw-activity">
            {text}
            {place && <span class="cw-place-words"> in the queue</span>}
          </span>
        )}
        {here && <HoldButton row={row} tabIndex={tabIndex} />}
        {here && !row.onHold && <MoveButtons row={row} tabIndex={tabIndex} />}
        {row.priority !== 0 && (
          <span class="cw-activity" title={`Higher starts first${here ? " (+, -)" : ""}`}>
            {`priority ${row.priority}`}
          </span>
        )}
      </div>
      {problem && <ProblemAlert problem={problem} />}
    </>
  );
}

function heldText(row: ExecutionRow, here: boolean): string {
  if (row.held) return row.onHold ? "on hold; its kernel is gone" : "held: its kernel is gone";
  if (row.onHold) return here ? "on hold" : "on hold, not by this kernel";
  return "";
}

function HoldButton({ row, tabIndex }: QueuePlaceProps) {
  const { app } = useView();
  const { executionId, onHold } = row;
  const off = useOff(executionId);
  const action = onHold ? "release" : "hold";
  return (
    <button
      type="button"
      class="cw-button cw-quiet-button"
      tabIndex={tabIndex}
      aria-disabled={off}
      title={onHold ? "Start it when it is its turn (h)" : "Do not start it until released (h)"}
      onClick={() => !off && void changeQueue(app, { action, executionId })}
    >
      {onHold ? "Release" : "Hold"}
    </button>
  );
}

/** Paths in a box of 16 by 16. */
const MOVES: readonly { to: Move; name: string; key: string; path: string }[] = [
  { to: "front", name: "To the front", key: "f", path: "M3 2.5h10M8 13.5V6M4.5 9.5L8 6l3.5 3.5" },
  { to: "up", name: "Move up", key: "u", path: "M8 13.5V3M4.5 6.5L8 3l3.5 3.5" },
  { to: "back", name: "To the back", key: "b", path: "M3 13.5h10M8 2.5V10M4.5 6.5L8 10l3.5-3.5" },
];

function MoveButtons({ row: { executionId }, tabIndex }: QueuePlaceProps) {
  const { app } = useView();
  const moves = useComputed(() => movesOf(app.store, executionId).join()).value.split(",");
  const off = useOff(executionId);
  if (moves[0] === "") return null;
  return (
    <>
      {MOVES.map(({ to, name, key, path }) => (
        <button
          key={to}
          type="button"
          class="cw-button cw-quiet-button"
          tabIndex={tabIndex}
          aria-label={name}
          aria-disabled={off || !moves.includes(to)}
          title={`${name} (${key})`}
          onClick={() => !off && void move(app, executionId, to)}
        >
          <svg class="cw-shape" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <title />
            <path d={path} />
          </svg>
        </button>
      ))}
    </>
  );
}

function useOff(executionId: string): boolean {
  const { app } = useView();
  return changeOf(app, executionId).value.sending || app.connection.state.value === "disconnected";
}
