/**
 * Transcripts folded as a pane does it, and frames to make them of.
 *
 * The rule: the pane's own path, deltas held back included; `slowly` decodes every line.
 */
import { BlockFold } from "../src/fold/blockfold.ts";
import type { Block } from "../src/fold/blocks.ts";
import { foldRecord } from "../src/fold/fold.ts";
import { Partials } from "../src/fold/partials.ts";
import { TranscriptReader } from "../src/fold/transcript.ts";
import { bytes } from "./fakes.ts";

/** Folds the parts one after the other; after each of them somebody looks. */
export function foldParts(parts: Iterable<Uint8Array>, look: (fold: BlockFold) => void = () => {}) {
  const reader = new TranscriptReader();
  const fold = new BlockFold();
  const partials = new Partials(fold);
  for (const part of parts) {
    for (const record of reader.push(part)) {
      if (!partials.take(record)) foldRecord(fold, record);
    }
    partials.flush();
    look(fold);
  }
  return fold;
}

export const foldWhole = (whole: Uint8Array, size = whole.length || 1): BlockFold =>
  foldParts(chunks(whole, () => size));

/** Every line decoded as it comes. */
export function foldSlowly(whole: Uint8Array): BlockFold {
  const fold = new BlockFold();
  for (const record of new TranscriptReader().push(whole)) foldRecord(fold, record);
  return fold;
}

export function* chunks(whole: Uint8Array, size: () => number): Generator<Uint8Array> {
  for (let at = 0; at < whole.length; ) {
    const length = Math.max(1, size());
    yield whole.slice(at, at + length);
    at += length;
  }
}

/** Numbers from 0 to 1, the same on every run. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

type Line = readonly [stream: string, frame: unknown];

/** A transcript of these; a string goes in as it is. The epoch is 1000, a line a second. */
export function transcript(...lines: Line[]): Uint8Array {
  const all: Line[] = [["meta", { event: "transcript", epoch: 1000 }], ...lines];
  const text = all.map(([stream, frame], index) => {
    return `${index}.000000 ${stream} ${typeof frame === "string" ? frame : JSON.stringify(frame)}`;
  });
  return bytes(`${text.join("\n")}\n`);
}

export const foldLines = (...lines: Line[]): BlockFold => foldWhole(transcript(...lines));

export const ofKind = <K extends Block["kind"]>(fold: BlockFold, kind: K) =>
  fold.list().filter((block): block is Block & { kind: K } => block.kind === kind);

const session_id = "s";

export const call = (
  id: string,
  name = "Bash",
  parent: string | null = null,
  more: object = {},
) => ({
  type: "assistant",
  session_id,
  parent_tool_use_id: parent,
  message: { id: `m-${id}`, content: [{ type: "tool_use", id, name, input: { command: "ls" } }] },
  ...more,
});

export const said = (text: string, id = text, parent: string | null = null) => ({
  type: "assistant",
  session_id,
  parent_tool_use_id: parent,
  message: { id, content: [{ type: "text", text }] },
});

export const came = (id: string, content: unknown, more: object = {}) => ({
  type: "user",
  session_id,
  parent_tool_use_id: null,
  message: { content: [{ type: "tool_result", tool_use_id: id, content }] },
  ...more,
});

export const system = (subtype: string, fields: object = {}) => ({
  type: "system",
  subtype,
  session_id,
  ...fields,
});

export const ended = ["meta", { event: "ended", exit_code: 0 }] as const;
