/**
 * Parts of the front end that are fetched from the kernel when they are first needed.
 *
 * The rule: a part's code comes as the buffer of the answer and is imported as a module of its own,
 * as the bundle itself is; what fails is told to whoever asked.
 */
import type { Connection } from "../connection.ts";
import type { GetPart } from "../protocol.ts";

export type PartName = GetPart["name"];

export class PartFetcher {
  private readonly arrived = new Map<PartName, (code: DataView | undefined) => void>();

  constructor(private readonly connection: Pick<Connection, "request">) {}

  /** Called with the buffer of the answer, before the answer itself is told. */
  receive(name: PartName, code: DataView | undefined): void {
    this.arrived.get(name)?.(code);
  }

  async fetch<T>(name: PartName): Promise<T> {
    const code = new Promise<DataView | undefined>((resolve) => {
      this.arrived.set(name, resolve);
    });
    await this.connection.request({ type: "claude:get-part", name });
    const blob = new Blob([(await code) as BlobPart], { type: "text/javascript" });
    const url = URL.createObjectURL(blob);
    try {
      return await import(url);
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}
