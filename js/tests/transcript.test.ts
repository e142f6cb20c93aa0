/** Bytes to records: the same for any split, and never an error. */
import { describe, expect, test } from "vitest";
import { TranscriptReader, type TranscriptRecord } from "../src/fold/transcript.ts";
import { bytes, concat } from "./fakes.ts";

/** A record without where it lies in memory. */
const plain = ({ seconds, stream, text, torn, elided, range }: TranscriptRecord) => ({
  seconds,
  stream,
  text,
  torn,
  elided,
  range,
});

function read(whole: Uint8Array, size: number) {
  const reader = new TranscriptReader();
  const records: ReturnType<typeof plain>[] = [];
  for (let at = 0; at < whole.length; at += size) {
    records.push(...reader.push(whole.slice(at, at + size)).map(plain));
  }
  return records;
}

const SAMPLE = concat([
  bytes('0.000000 meta {"event":"transcript"}\n0.1 in {"type":"user"}\n'),
  bytes("0.200000 out+ €"),
  bytes("€").subarray(0, 1),
  bytes("\n0.25 err between\n0.300000 out+ "),
  bytes("€").subarray(1),
  bytes("\n0.400000 out ü\n0.5 out \n"),
  new Uint8Array([...bytes("0.6 out "), 0xff, 0xfe, 0x20, 0xc3, 0x0a]),
  bytes("garbage\n\n1.0 strange x\n0.7 err+ no newl\n0.8 err+ ine\n"),
  bytes('9.0 meta {"event":"ended","exit_code":0}\n9.1 out never fini'),
]);

describe("TranscriptReader", () => {
  test("reads records, joins pieces as bytes and holds back what is not whole", () => {
    const records = read(SAMPLE, SAMPLE.length);
    expect(records.map(({ stream, text }) => [stream, text])).toEqual([
      ["meta", '{"event":"transcript"}'],
      ["in", '{"type":"user"}'],
      ["err", "between"],
      ["out", "€€ü"],
      ["out", ""],
      ["out", "\ufffd\ufffd \ufffd"],
      ["unreadable", "garbage"],
      ["unreadable", ""],
      ["unreadable", "1.0 strange x"],
      ["err", "no newline"],
      ["meta", '{"event":"ended","exit_code":0}'],
    ]);
    expect(records.filter(({ torn }) => torn).map(({ text }) => text)).toEqual(["no newline"]);
    expect(records[3]?.seconds).toBe(0.4);
  });

  test.each([1, 2, 3, 7, 16, 61])("gives the same records from chunks of %i bytes", (size) => {
    expect(read(SAMPLE, size)).toEqual(read(SAMPLE, SAMPLE.length));
  });

  test("a line that ended without its newline is torn", () => {
    const torn = read(bytes("0.1 out+ ha\n0.2 out- lf\n0.3 err- \n"), 5);
    expect(torn.map(({ stream, text, torn }) => [stream, text, torn])).toEqual([
      ["out", "half", true],
      ["err", "", true],
    ]);
  });

  test("does not keep hold of the buffer that it was given", () => {
    const reader = new TranscriptReader();
    const buffer = bytes("0.1 out hel");
    reader.push(buffer);
    buffer.fill(0x21);
    expect(reader.push(bytes("lo\n"))[0]?.text).toBe("hello");
  });

  test("any bytes at all are no error", () => {
    const noise = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251);
    for (const size of [1, 10, 5000]) expect(() => read(noise, size)).not.toThrow();
  });
});
