/**
 * The records of a transcript as they lie there, for the views of raw frames.
 *
 * The rule: it has bytes of its own from the kernel, only while somebody looks. It keeps the last
 * ones up to a bound and says how many it let go; nothing is decoded before it is drawn.
 */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Connection } from "../connection.ts";
import type { ByteRange } from "../fold/blocks.ts";
import { TranscriptReader, type TranscriptRecord } from "../fold/transcript.ts";
import { Feed } from "./feed.ts";
import { pace } from "./pace.ts";

export interface RawRecords {
  readonly records: readonly TranscriptRecord[];
  /** Records before the first of them that are not kept, and the byte where that one begins. */
  readonly dropped: number;
  readonly offset: number;
}

/** What is kept; the buffers that records lie in are at most 256 KB larger. */
const MAX_RECORDS = 50_000;
const MAX_BYTES = 16 << 20;
/** Bytes that are read in one go. */
const STEP = 64 << 10;

export class RawPane {
  readonly feed: Feed;
  private readonly reader: TranscriptReader;
  private readonly batches: Uint8Array[] = [];
  private records: TranscriptRecord[] = [];
  private bytes = 0;
  private dropped = 0;
  /** The byte behind the last one that is wanted. */
  private readonly end: number;
  private readonly now = signal<RawRecords>({ records: [], dropped: 0, offset: 0 });
  private readonly endedNow = signal(false);

  readonly shown: ReadonlySignal<RawRecords> = this.now;
  /** Nothing more will come. */
  readonly ended: ReadonlySignal<boolean> = this.endedNow;
  readonly loaded: ReadonlySignal<boolean>;
  readonly error: ReadonlySignal<string>;

  /** Without a range, all of the transcript, as it grows. A range begins where a record does. */
  constructor(
    readonly executionId: string,
    connection: Connection,
    range: ByteRange = { offset: 0, length: Number.POSITIVE_INFINITY },
  ) {
    this.end = range.offset + range.length;
    this.reader = new TranscriptReader(range.offset);
    const take = (bytes: Uint8Array) => this.take(bytes);
    this.feed = new Feed(executionId, connection, take, range.offset);
    this.error = this.feed.error;
    this.loaded = computed(
      () => this.feed.answered.value || this.now.value.records.length > 0 || this.endedNow.value,
    );
  }

  close(): void {
    this.feed.close();
    pace.stop(this);
  }

  private take(bytes: Uint8Array): void {
    if (bytes.length > 0) this.batches.push(bytes);
    pace.start(this);
  }

  work(): boolean {
    const batch = this.batches.shift();
    if (!batch) return false;
    if (batch.length > STEP) this.batches.unshift(batch.subarray(STEP));
    for (const record of this.reader.push(batch.subarray(0, STEP))) this.keep(record);
    return this.batches.length > 0;
  }

  private keep(record: TranscriptRecord): void {
    if (record.from >= this.end) return this.feed.close();
    this.records.push(record);
    this.bytes += record.length;
    if (record.to >= this.end) this.feed.close();
  }

  show(): void {
    this.letGo();
    const { dropped } = this;
    const records = this.records.slice();
    this.now.value = { records, dropped, offset: records[0]?.from ?? 0 };
    if (!this.feed.wanting && this.batches.length === 0) this.endedNow.value = true;
  }

  private letGo(): void {
    let first = Math.max(0, this.records.length - MAX_RECORDS);
    for (let at = 0; at < first; at += 1) this.bytes -= this.records[at]?.length ?? 0;
    while (this.bytes > MAX_BYTES && first < this.records.length - 1) {
      this.bytes -= this.records[first]?.length ?? 0;
      first += 1;
    }
    this.dropped += first;
    this.records.splice(0, first);
  }
}
