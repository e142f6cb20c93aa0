/**
 * The question before several executions are ended at once.
 *
 * The rule: the key that is pressed without a look at it does nothing.
 */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Dialog } from "../dialog.tsx";

export interface QuestionProps {
  /** What is done if it is confirmed; the button says the same. */
  readonly what: string;
  /** What the other button says. */
  readonly keep?: string;
  readonly onCancel: () => void;
  readonly onConfirm: () => void;
  readonly children: ComponentChildren;
}

export function Question(props: QuestionProps) {
  const { what, keep = "Keep them", onCancel, onConfirm, children } = props;
  const cancel = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => cancel.current?.focus(), []);
  return (
    <Dialog title={`${what}?`} onClose={onCancel}>
      <p class="cw-hint">{children}</p>
      <div class="cw-dialog-buttons">
        <button type="button" class="cw-button" ref={cancel} onClick={onCancel}>
          {keep}
        </button>
        <button
          type="button"
          class="cw-button cw-danger"
          onClick={() => {
            onConfirm();
            onCancel();
          }}
        >
          {what}
        </button>
      </div>
    </Dialog>
  );
}
