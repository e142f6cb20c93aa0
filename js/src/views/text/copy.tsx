/**
 * A button that copies text, and says whether it did.
 *
 * The rule: text only, never markup. Where the page may not use the clipboard (no secure context, a
 * frame without the permission), the old way is tried, and a failure is said.
 */
import { useEffect, useState } from "preact/hooks";

const SAID_FOR = 2000;
const SAYS = { "": "Copy", copied: "Copied", failed: "Could not copy" } as const;

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [outcome, setOutcome] = useState<keyof typeof SAYS>("");
  useEffect(() => {
    if (outcome === "") return;
    const timer = setTimeout(() => setOutcome(""), SAID_FOR);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => setOutcome((await copyText(text)) ? "copied" : "failed");
  return (
    <button
      type="button"
      class="cw-button cw-copy"
      aria-label={outcome === "" ? `Copy ${what}` : SAYS[outcome]}
      onClick={copy}
    >
      <span aria-live="polite">{SAYS[outcome]}</span>
    </button>
  );
}

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** Selects the text in a field that is not seen, and has the browser copy what is selected. */
function copySelected(text: string): boolean {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
}
