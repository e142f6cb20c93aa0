/**
 * The button that lets the browser tell of executions while nobody looks at the page.
 *
 * The rule: asked for by a click and by nothing else; where the browser forbids it, it says so.
 */
import { useState } from "preact/hooks";
import { choose, isBlocked, isSupported, wanted } from "../page/notifications.ts";

export function NotifyButton() {
  const [blocked, setBlocked] = useState(isBlocked);
  if (!isSupported()) return null;
  const on = wanted.value && !blocked;
  const toggle = async () => {
    await choose(!on);
    setBlocked(isBlocked());
  };
  const title = blocked
    ? "The browser blocks notifications of this page: allow them in its settings"
    : "When an execution needs an answer or ends while this page is hidden";
  return (
    <button
      type="button"
      class="cw-button cw-small"
      aria-pressed={on}
      aria-disabled={blocked}
      title={title}
      onClick={() => void toggle()}
    >
      {blocked ? "Notifications blocked" : "Notify me"}
    </button>
  );
}
