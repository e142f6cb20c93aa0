/**
 * Copying and saving the whole of an output.
 *
 * The rule: what leaves the page is made by `export.ts`; here is only where it goes, and whether it
 * got there.
 */
import { useEffect, useState } from "preact/hooks";
import { type Exported, exportName, toMarkdown } from "../../pane/export.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { useView } from "../../view.ts";
import { copyText } from "../text/copy.tsx";
import { saveFile } from "./save.ts";
import type { Transcript } from "./transcript.ts";

const SAID_FOR = 2500;

export function SaveButtons({ row, transcript }: { row: ExecutionRow; transcript: Transcript }) {
  const { app } = useView();
  const [said, say] = useSaid();
  // What would be left out is on its way.
  const reading = transcript.pane.tail.value !== null;
  const copy = async () => {
    const copied = await copyText(toMarkdown(exportedOf(transcript)));
    say(copied ? "Copied" : "Could not copy");
  };
  const save = () => {
    saveFile(exportName(row, "md"), [toMarkdown(exportedOf(transcript))], "text/markdown");
    say("Saved");
  };
  const saveRaw = async () => {
    say("Reading…");
    try {
      saveFile(exportName(row, "jsonl"), [await app.panes.readOutput(row.executionId)], "");
      say("Saved");
    } catch {
      say("Could not be read");
    }
  };
  return (
    <>
      <span class="cw-meta" role="status">
        {said}
      </span>
      <button
        type="button"
        class="cw-button"
        disabled={reading}
        title="Copy as Markdown"
        onClick={copy}
      >
        Copy
      </button>
      <button
        type="button"
        class="cw-button"
        disabled={reading}
        title="Save as Markdown"
        onClick={save}
      >
        Save
      </button>
      <button type="button" class="cw-button" title="Save the CLI's frames" onClick={saveRaw}>
        Save raw
      </button>
    </>
  );
}

/** What was done, for a moment. */
function useSaid(): [string, (text: string) => void] {
  const [said, say] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => say(""), SAID_FOR);
    return () => clearTimeout(timer);
  }, [said]);
  return [said, say];
}

/** What of the thread has been read. */
function exportedOf(transcript: Transcript): Exported[] {
  return transcript.thread.parts.peek().flatMap(({ executionId, pane }) => {
    const row = transcript.thread.row(executionId);
    if (!pane || !row) return [];
    const blocks = pane.keys.peek().map((key) => pane.block(key)?.peek());
    return [{ row, blocks: blocks.filter((block) => block !== undefined) }];
  });
}
