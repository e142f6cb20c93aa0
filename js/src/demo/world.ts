/**
 * The executions of the plain page: their rows, and their transcripts as bytes.
 *
 * The rule: what the kernel would know, kept once for all widgets of the page; who listens hears of
 * each change. Nothing here knows of messages.
 */
import type { ExecutionRow } from "../protocol.ts";
import { readRow } from "../store.ts";
import { frameTranscript, Growing, type Written } from "./framing.ts";

export const PATH = "/home/user/project";
export const MODEL = "claude-opus-5-5";

export type Fields = Partial<ExecutionRow> & { executionId: string };

export interface Execution {
  row: ExecutionRow;
  readonly transcript: Growing;
  /** The transcript grows no more. */
  ended: boolean;
}

export type Change =
  | { readonly type: "row"; readonly executionId: string; readonly changes: Partial<ExecutionRow> }
  | { readonly type: "bytes"; readonly executionId: string };

export class World {
  readonly executions = new Map<string, Execution>();
  private readonly listeners = new Set<(change: Change) => void>();

  /** An execution whose records are known already. */
  add(fields: Fields, written: Written): void {
    this.addBytes(
      fields,
      frameTranscript({ query: fields.query ?? "", ...written }),
      !!written.end,
    );
  }

  addBytes(fields: Fields, bytes: Uint8Array, ended: boolean): void {
    const createdTime = fields.createdTime ?? fields.startTime ?? Date.now() / 1000;
    const row = readRow({ projectPath: PATH, createdTime, ...fields });
    this.executions.set(row.executionId, { row, transcript: new Growing(bytes), ended });
  }

  append(executionId: string, more: Uint8Array): void {
    this.executions.get(executionId)?.transcript.append(more);
    this.tell({ type: "bytes", executionId });
  }

  change(executionId: string, changes: Partial<ExecutionRow>): void {
    const known = this.executions.get(executionId);
    if (!known) this.add({ executionId, ...changes }, { frames: "" });
    else known.row = { ...known.row, ...changes };
    this.tell({ type: "row", executionId, changes });
  }

  listen(listener: (change: Change) => void): void {
    this.listeners.add(listener);
  }

  private tell(change: Change): void {
    for (const listener of this.listeners) listener(change);
  }
}
