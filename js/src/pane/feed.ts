/**
 * The bytes of one transcript from the kernel, in order and once.
 *
 * The rule: what was had already is cut off; at a gap it asks again from the byte that it has. What
 * the bytes mean, and when anybody looks at them, is for whoever takes them.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import { type Connection, newId, type RequestError } from "../connection.ts";
import type { PaneData } from "../protocol.ts";

export class Feed {
  private readonly errorNow = signal("");
  private readonly answeredNow = signal(false);
  /** Opening again: until that is answered, bytes from beyond the gap are still on their way. */
  private opening = 0;
  private closed = false;
  /** All bytes of an execution that has ended are here. */
  complete = false;

  readonly error: ReadonlySignal<string> = this.errorNow;
  /** The kernel has heard of it. */
  readonly answered: ReadonlySignal<boolean> = this.answeredNow;

  /**
   * `have` is the byte of the transcript up to which nothing is asked for; negative for all but so
   * many bytes at its end.
   */
  constructor(
    readonly executionId: string,
    private readonly connection: Connection,
    private readonly take: (bytes: Uint8Array) => void,
    private have = 0,
    /** Of the pane, as the kernel knows it. */
    public id = newId(),
  ) {}

  /** Begins anew at the first byte, as a pane of its own; another goes on with the id it had. */
  handOver(): string {
    const { id } = this;
    this.id = newId();
    this.have = 0;
    return id;
  }

  /** The byte of the transcript up to which all of them are here. */
  get position(): number {
    return this.have;
  }

  get hasBegun(): boolean {
    return this.have >= 0;
  }

  get wanting(): boolean {
    return !this.complete && !this.closed;
  }

  /** Asks for the bytes from the one that it has. */
  open(): void {
    if (!this.wanting) return;
    const { id: paneId, executionId, have: offset } = this;
    this.opening += 1;
    this.connection
      .request({ type: "claude:open-pane", paneId, executionId, offset })
      .then(() => {
        this.errorNow.value = "";
        this.answeredNow.value = true;
      })
      .catch((error: RequestError) => {
        if (error.answered) this.errorNow.value = error.message;
      })
      .finally(() => {
        this.opening -= 1;
      });
  }

  openAgain(): void {
    if (this.opening === 0) this.open();
  }

  /** Told even if all of it is here: an output stays live for as long as somebody reads in it. */
  close(): void {
    if (!this.closed) this.connection.tell({ type: "claude:close-pane", paneId: this.id });
    this.closed = true;
  }

  receive(message: PaneData, buffer: DataView | undefined): void {
    const { offset } = message;
    if (this.have < 0) this.have = offset;
    if (offset > this.have) return this.openAgain();
    const bytes = buffer
      ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
      : new Uint8Array(0);
    const fresh = bytes.subarray(Math.min(this.have - offset, bytes.length));
    this.have += fresh.length;
    if (message.ended && this.have === message.nextOffset) this.complete = true;
    this.take(fresh);
  }
}
