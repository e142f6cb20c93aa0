/**
 * The conversation of an execution: its blocks, the way back to their end, and the search in them.
 *
 * The rule: it follows the end until the reader goes up, and again from the button or the end;
 * what came meanwhile is counted, and moves nothing.
 */
import { useRef } from "preact/hooks";
import { BlockList } from "./blocklist.tsx";
import { SearchBar, useHighlights } from "./searchbar.tsx";
import type { Transcript } from "./transcript.ts";

export function ConversationPanel({ transcript, live }: { transcript: Transcript; live: boolean }) {
  const { pane } = transcript;
  const empty = pane.keys.value.length === 0 && transcript.thread.parts.value.length === 1;
  const error = pane.error.value;
  const root = useRef<HTMLDivElement>(null);
  useHighlights(transcript, root);
  const waiting = pane.loaded.value ? (live ? "No output yet." : "No output.") : "Loading…";
  return (
    <div class="cw-conversation" ref={root}>
      {transcript.finder.open.value && <SearchBar transcript={transcript} />}
      {error && (
        <p class="cw-problem" role="alert">
          {error}
        </p>
      )}
      {empty ? (
        !error && <p class="cw-empty">{waiting}</p>
      ) : (
        <>
          <BlockList transcript={transcript} />
          <FollowButton transcript={transcript} />
        </>
      )}
    </div>
  );
}

function FollowButton({ transcript }: { transcript: Transcript }) {
  const { list, pane } = transcript;
  const count = pane.keys.value.length;
  const seen = useRef(count);
  if (list.following.value) {
    seen.current = count;
    return null;
  }
  const fresh = count - seen.current;
  return (
    <button type="button" class="cw-button cw-follow" onClick={() => list.scrollToEnd()}>
      {fresh > 0 ? `Follow, ${fresh.toLocaleString("en")} new` : "Follow"}
    </button>
  );
}
