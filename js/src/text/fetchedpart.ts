/**
 * A part of the front end that is fetched from the kernel when it is first needed.
 *
 * The rule: its code comes as the buffer of the answer and is imported as a module of its own, as
 * the bundle itself is; what fails is told to whoever asked.
 */
import type { Connection } from "../connection.ts";

export class FetchedPart<T> {
  private arrived: ((code: DataView | undefined) => void) | null = null;

  /** Called with the buffer of the answer, before the answer itself is told. */
  receive(code: DataView | undefined): void {
    this.arrived?.(code);
  }

  async fetch(connection: Connection): Promise<T> {
    const code = new Promise<DataView | undefined>((resolve) => {
      this.arrived = resolve;
    });
    await connection.request({ type: "claude:get-highlighter" });
    const blob = new Blob([(await code) as BlobPart], { type: "text/javascript" });
    const url = URL.createObjectURL(blob);
    try {
      return await import(url);
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}
