/**
 * Against keys and clicks that were not meant for what has just appeared.
 *
 * The rule: nothing is taken until it has been in view, and unchanged, for a moment. It is asked at
 * the click, so that nothing is drawn again for it.
 */
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** Longer than a key that was on its way, shorter than a decision. */
export const SETTLE_MS = 500;

/** A function that says whether an activation counts; `identity` changes with what is shown. */
export function useGuard(root: RefObject<HTMLElement | null>, identity: string): () => boolean {
  const since = useRef(0);
  const begin = () => {
    since.current = performance.now();
  };
  useLayoutEffect(begin, [identity]);
  useEffect(() => {
    const element = root.current;
    document.addEventListener("visibilitychange", begin);
    const observer =
      element && typeof IntersectionObserver === "function"
        ? new IntersectionObserver(begin)
        : null;
    if (element) observer?.observe(element);
    return () => {
      document.removeEventListener("visibilitychange", begin);
      observer?.disconnect();
    };
  }, [root]);
  return () => performance.now() - since.current >= SETTLE_MS;
}
