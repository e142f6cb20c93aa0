/**
 * Following the tail of something that scrolls.
 *
 * The rule: only the reader's own way up ends it. Content that grows is no scrolling, and being at
 * the bottom is following.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

const NEAR = 24;

export function useFollow() {
  const scroller = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const wanted = useRef(true);
  const [following, setFollowing] = useState(true);

  const set = useCallback((value: boolean) => {
    wanted.current = value;
    setFollowing(value);
  }, []);
  const toEnd = useCallback(() => {
    const box = scroller.current;
    if (box && wanted.current) box.scrollTop = box.scrollHeight;
  }, []);

  useEffect(() => {
    const box = scroller.current;
    if (!box || !content.current) return;
    let top = box.scrollTop;
    const abort = new AbortController();
    const onScroll = () => {
      const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR;
      if (atEnd) set(true);
      else if (box.scrollTop < top) set(false);
      top = box.scrollTop;
    };
    box.addEventListener("scroll", onScroll, { signal: abort.signal, passive: true });
    const observer = new ResizeObserver(() => {
      toEnd();
      // A box that grew or was hidden moves by itself: that is not the reader's way up.
      top = box.scrollTop;
    });
    observer.observe(content.current);
    observer.observe(box);
    return () => {
      abort.abort();
      observer.disconnect();
    };
  }, [set, toEnd]);

  const follow = useCallback(() => {
    set(true);
    toEnd();
  }, [set, toEnd]);
  return { scroller, content, following, follow };
}
