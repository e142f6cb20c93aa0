/**
 * All that a CLI printed in one execution, as the lines of a file.
 *
 * The rule: the bytes are read anew from the kernel, from the first to the last that there is now,
 * and kept as bytes. What cannot be read to its end is refused, not saved in part.
 */
import { effect } from "@preact/signals";
import type { Connection } from "../connection.ts";
import { TranscriptReader } from "../fold/transcript.ts";
import { MAX_BATCH } from "../protocol.ts";
import { Feed } from "./feed.ts";

const NEWLINE = new Uint8Array([0x0a]);
/** Bytes after which what was read goes into a Blob, which need not lie in the page's memory. */
const FULL = 8 << 20;

/** `begin` opens a feed and gives back what closes it. */
export function readOutput(
  executionId: string,
  connection: Connection,
  begin: (feed: Feed) => () => void,
): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const lines = new Lines();
    const feed = new Feed(executionId, connection, (bytes) => {
      lines.add(bytes);
      // A batch that is not full is the last of what there is.
      if (feed.complete || bytes.length < MAX_BATCH) settle(() => resolve(lines.finish()));
    });
    const end = begin(feed);
    const stopWatching = effect(() => {
      const error = feed.error.value;
      if (error) settle(() => reject(new Error(error)));
    });
    function settle(tell: () => void): void {
      end();
      queueMicrotask(() => stopWatching());
      tell();
    }
  });
}

class Lines {
  private readonly reader = new TranscriptReader();
  private parts: BlobPart[] = [];
  private size = 0;

  add(bytes: Uint8Array): void {
    for (const { stream, source, start, end } of this.reader.push(bytes)) {
      if (stream !== "out" || end === start) continue;
      this.parts.push(source.slice(start, end), NEWLINE);
      this.size += end - start;
    }
    if (this.size < FULL) return;
    this.parts = [new Blob(this.parts)];
    this.size = 0;
  }

  finish(): Blob {
    return new Blob(this.parts, { type: "application/jsonl" });
  }
}
