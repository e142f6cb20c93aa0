/**
 * The line between list and output, which can be moved where they stand side by side.
 *
 * The rule: by pointer and by keys alike; a double click puts it back.
 */
import type { Signal } from "@preact/signals";

export const MIDDLE = 42;
const [LEAST, MOST] = [22, 70];
const STEP = 3;

/** `share` is the list's part of the width, in percent. */
export function Splitter({ share }: { share: Signal<number> }) {
  const set = (value: number) => {
    share.value = Math.round(Math.min(MOST, Math.max(LEAST, value)));
  };
  return (
    <div
      role="separator"
      class="cw-splitter"
      tabIndex={0}
      aria-label="Width of the list"
      aria-orientation="vertical"
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      aria-valuenow={share.value}
      onKeyDown={(event) => {
        const target = KEYS.get(event.key)?.(share.value);
        if (target === undefined) return;
        event.preventDefault();
        set(target);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const line = event.currentTarget;
        const whole = line.parentElement?.getBoundingClientRect();
        if (!whole || !line.hasPointerCapture(event.pointerId)) return;
        set(((event.clientX - whole.left) / whole.width) * 100);
      }}
      onDblClick={() => set(MIDDLE)}
    />
  );
}

const KEYS = new Map<string, (share: number) => number>([
  ["ArrowLeft", (share) => share - STEP],
  ["ArrowRight", (share) => share + STEP],
  ["Home", () => LEAST],
  ["End", () => MOST],
]);
