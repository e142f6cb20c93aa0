/**
 * Something that is answered or read before anything else.
 *
 * The rule: Escape and a click beside it close it, and the focus goes back to where it was.
 */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useFieldId } from "../view.ts";

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useFieldId();
  useModal(box);
  return (
    <dialog
      class="cw-dialog"
      ref={box}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => {
        // Keys of the list behind it are none of the dialog's.
        event.stopPropagation();
        if (event.key !== "Escape") return;
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === box.current) onClose();
      }}
    >
      <div class="cw-dialog-body">
        <h3 class="cw-dialog-title" id={id}>
          {title}
        </h3>
        {children}
      </div>
    </dialog>
  );
}

function useModal(box: { readonly current: HTMLDialogElement | null }): void {
  useLayoutEffect(() => {
    const dialog = box.current;
    if (!dialog) return;
    const root = dialog.getRootNode() as Document | ShadowRoot;
    const before = root.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [box]);
}
