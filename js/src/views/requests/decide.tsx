/**
 * The buttons and the line with which a request is answered.
 *
 * The rule: a button that cannot be pressed now says so and stays, since one that is disabled would
 * drop the focus. Enter in the line says no, never yes.
 */
import { useFieldId } from "../../view.ts";
import type { Deciding } from "./deciding.ts";

interface DecideButtonProps {
  readonly deciding: Deciding;
  readonly label: string;
  readonly primary?: boolean;
  /** What it would send is not complete yet. */
  readonly unready?: boolean;
  onDecide(): void;
}

export function DecideButton(props: DecideButtonProps) {
  const { deciding, label, primary = false, unready = false, onDecide } = props;
  const off = deciding.closed || unready;
  return (
    <button
      type="button"
      class={primary ? "cw-button cw-primary" : "cw-button"}
      aria-disabled={off}
      onClick={() => {
        if (!off) onDecide();
      }}
    >
      {label}
    </button>
  );
}

interface DenyLineProps {
  readonly deciding: Deciding;
  readonly label: string;
  readonly hint: string;
  readonly message: string;
  readonly primary: boolean;
  onType(text: string): void;
  onDeny(): void;
}

export function DenyLine(props: DenyLineProps) {
  const { deciding, label, hint, message, primary, onType, onDeny } = props;
  const id = useFieldId();
  return (
    <div class="cw-ask-deny cw-field">
      <label for={id} class="cw-unseen">
        {`Message with ${label}`}
      </label>
      <input
        id={id}
        type="text"
        autocomplete="off"
        placeholder={hint}
        value={message}
        onInput={(event) => onType(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.repeat || event.isComposing) return;
          event.preventDefault();
          onDeny();
        }}
      />
      <DecideButton deciding={deciding} label={label} primary={primary} onDecide={onDeny} />
    </div>
  );
}
