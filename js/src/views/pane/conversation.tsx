/**
 * The conversation of an execution: its blocks, the way back to their end, and the search in them.
 *
 * The rule: it follows the end until the reader goes up, and again from the button or the end;
 * what came meanwhile is counted, and moves nothing.
 */

import { useRef } from "preact/hooks";
import { formatNumber } from "../../format.ts";
import type { Pane } from "../../pane/pane.ts";
import { BlockList } from "./blocklist.tsx";
import { SearchBar, useHighlights } from "./searchbar.tsx";
import type { Transcript } from "./transcript.ts";

export function ConversationPanel({ transcript, live }: { transcript: Transcript; live: boolean }) {
  const { pane } = transcript;
  const shown = transcript.paneOf(transcript.executionId) ?? pane;
  const empty = !shown.hasBlocks.value && transcript.thread.parts.value.length === 1;
  const error = pane.error.value;
  const root = useRef<HTMLDivElement>(null);
  useHighlights(transcript, root);
  const waiting = shown.loaded.value ? (live ? "No output yet." : "No output.") : "Loading…";
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
          <Reading pane={pane} />
          <BlockList transcript={transcript} />
          <FollowButton transcript={transcript} />
        </>
      )}
    </div>
  );
}

/** While only the end of it is there: how far the rest has come. */
function Reading({ pane }: { pane: Pane }) {
  const tail = pane.tail.value;
  if (!tail) return null;
  // Read because it changes as bytes come.
  void pane.keys.value;
  const percent = Math.floor((100 * pane.feed.position) / tail.feed.position);
  return <p class="cw-meta cw-note-above">{`Reading what came before… ${percent} %`}</p>;
}

function FollowButton({ transcript }: { transcript: Transcript }) {
  const { list, executionId } = transcript;
  const pane = transcript.paneOf(executionId) ?? transcript.pane;
  const count = pane.keys.value.length;
  const seen = useRef({ pane, count });
  if (list.following.value || seen.current.pane !== pane) seen.current = { pane, count };
  if (list.following.value) return null;
  const fresh = count - seen.current.count;
  return (
    <button type="button" class="cw-button cw-follow" onClick={() => list.scrollToEnd()}>
      {fresh > 0 ? `Follow, ${formatNumber(fresh)} new` : "Follow"}
    </button>
  );
}
