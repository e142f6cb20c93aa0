/**
 * Seconds that go on between two reports of them.
 *
 * The rule: the reports are the CLI's; in between the page counts, and it never counts without one.
 */
import { useRef } from "preact/hooks";
import { useNow } from "../../page/clock.ts";

export function useElapsed(reported: number | null): number | null {
  const now = useNow(reported !== null);
  const last = useRef<{ reported: number; at: number } | null>(null);
  if (reported === null) return null;
  if (last.current?.reported !== reported) last.current = { reported, at: Date.now() / 1000 };
  return reported + Math.max(0, now - last.current.at);
}
