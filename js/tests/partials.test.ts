/** Deltas held back as bytes: the same blocks as with every line decoded, at every split. */
import { describe, expect, test } from "vitest";
import { BlockFold } from "../src/fold/blockfold.ts";
import { Partials } from "../src/fold/partials.ts";
import { TranscriptReader } from "../src/fold/transcript.ts";
import { bytes, concat } from "./fakes.ts";
import { chunks, foldParts, foldSlowly, foldWhole, ofKind, randomFrom } from "./folding.ts";
import { recordedRuns, transcriptOf } from "./recorded.ts";

const UUID = "75b63ad7-bd6f-4be3-abb1-52c906e6dbb3";
const END = `,"session_id":"s","parent_tool_use_id":null,"uuid":"${UUID}","api_message_id":"m"}`;
const event = (json: string, end = END) => `{"type":"stream_event","event":${json}${end}`;
const start = event('{"type":"message_start","message":{"id":"m"}}');
const begin = (index: number, block: object) =>
  event(JSON.stringify({ type: "content_block_start", index, content_block: block }));
const delta = (text: string, index: number | string = 0, end = END) =>
  event(
    `{"type":"content_block_delta","index":${index},"delta":{"type":"text_delta","text":"${text}"}}`,
    end,
  );
const other = (name: string, field: string, text: string, index: number) =>
  event(
    `{"type":"content_block_delta","index":${index},"delta":{"type":"${name}","${field}":"${text}"}}`,
  );
const full = (content: object) =>
  JSON.stringify({ type: "assistant", session_id: "s", message: { id: "m", content: [content] } });

const lines = (...frames: (string | Uint8Array)[]) =>
  concat(frames.flatMap((frame) => [bytes("1.5 out "), toBytes(frame), bytes("\n")]));
const toBytes = (frame: string | Uint8Array) => (typeof frame === "string" ? bytes(frame) : frame);

/** How many of these lines are held back. */
function held(...frames: (string | Uint8Array)[]): number {
  const partials = new Partials(new BlockFold());
  const records = new TranscriptReader().push(lines(...frames));
  return records.filter((record) => partials.take(record)).length;
}

function expectSame(whole: Uint8Array): void {
  const slow = foldSlowly(whole);
  expect(foldWhole(whole).list()).toEqual(slow.list());
  const random = randomFrom(7);
  for (let round = 0; round < 5; round += 1) {
    const split = foldParts(chunks(whole, () => Math.ceil(random() * random() * 3000)));
    expect(split.list()).toEqual(slow.list());
    expect(split.keys()).toEqual(slow.keys());
    expect(split.facts).toEqual(slow.facts);
  }
}

describe.each(recordedRuns)("%s", (name) => {
  test("gives the same blocks, keys and facts at random splits", () => {
    expectSame(transcriptOf(name));
  });
});

const TEXT = begin(0, { type: "text", text: "" });

describe("Partials", () => {
  test("holds the CLI's own deltas back, and nothing else", () => {
    expect(held(delta("a"), delta("b", 12), other("thinking_delta", "thinking", "x", 0))).toBe(3);
    expect(held(other("input_json_delta", "partial_json", '{\\"a', 1))).toBe(1);
    expect(held(other("signature_delta", "signature", "abc", 1))).toBe(1);
    expect(held(start, TEXT, full({ type: "text", text: "a" }))).toBe(0);
  });

  test.each([
    ["an escape that JSON does not know", delta("a\\x")],
    ["half an escape", delta("a\\u12")],
    ["a control character", delta("a\tb")],
    ["a quote in the text", delta('a"b')],
    ["an index with a leading zero", delta("a", "01")],
    ["an index that is no number", delta("a", '"0"')],
    ["another field in the delta", delta('a","more":"b')],
    ["another order of fields", event('{"index":0,"type":"content_block_delta"}')],
    ["a uuid of another form", delta("a", 0, END.replace(UUID, "no-uuid"))],
    ["more behind its end", `${delta("a")} `],
    ["an end that is missing", delta("a").slice(0, -1)],
    ["a session that is escaped", delta("a", 0, END.replace('"s"', '"\\u0073"'))],
  ])("does not take %s", (_, line) => {
    expect(held(line)).toBe(0);
    expectSame(lines(start, TEXT, delta("x"), line, delta("y")));
  });

  test.each([
    "\\n\\t\\u20ac \\\\ \\" + '"',
    "€ ü 😀",
    "\\ud83d\\ude00",
    "\\ud83d",
    "\\/ \\b\\f\\r",
  ])("reads the text %s as JSON does", (text) => {
    expect(held(delta(text))).toBe(1);
    const whole = lines(start, TEXT, delta(text), delta("."));
    expectSame(whole);
    expect(ofKind(foldWhole(whole), "text")[0]?.text).toBe(`${JSON.parse(`"${text}"`)}.`);
  });

  test("reads bytes that are no UTF-8 as every other line", () => {
    const [before, after] = delta("@").split("@") as [string, string];
    const broken = concat([bytes(before), new Uint8Array([0xff, 0x61, 0xe2, 0x82]), bytes(after)]);
    expectSame(lines(start, TEXT, broken, delta("b")));
  });

  test("keeps the deltas of a block that comes in both spellings in their order", () => {
    const odd = delta("2").replace('"index":0', '"index": 0');
    const whole = lines(start, TEXT, delta("1"), odd, delta("3"));
    expectSame(whole);
    expect(ofKind(foldWhole(whole), "text")[0]?.text).toBe("123");
  });

  test("drops what the full message supersedes, whether it comes before or after", () => {
    const whole = lines(
      start,
      TEXT,
      delta("dra"),
      full({ type: "text", text: "final" }),
      delta("ft"),
      begin(1, { type: "tool_use", id: "t", name: "Bash", input: {} }),
      other("input_json_delta", "partial_json", '{\\"command\\":', 1),
      full({ type: "tool_use", id: "t", name: "Bash", input: { command: "ls" } }),
      other("input_json_delta", "partial_json", "1}", 1),
    );
    expectSame(whole);
    expect(ofKind(foldWhole(whole), "text")[0]?.text).toBe("final");
    expect(ofKind(foldWhole(whole), "tool")[0]).toMatchObject({ inputText: "" });
  });

  test("knows which lane a delta is of, where two of them stream at once", () => {
    const sub = END.replace("null", '"t"').replace('"m"', '"n"');
    const whole = lines(
      start,
      event('{"type":"message_start","message":{"id":"n"}}', sub),
      TEXT,
      event(
        '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
        sub,
      ),
      ...["a", "b", "c"].flatMap((text) => [delta(text), delta(text.toUpperCase(), 0, sub)]),
    );
    expectSame(whole);
    expect(ofKind(foldWhole(whole), "text").map(({ text }) => text)).toEqual(["abc", "ABC"]);
  });

  test("a delta without a message, a block or an end changes nothing", () => {
    expectSame(lines(delta("a"), start, delta("b"), TEXT, delta("c", 5), start, delta("d")));
    const whole = lines(start, TEXT, delta("c"));
    expectSame(concat([whole, bytes('2.0 meta {"event":"lost","error":"gone"}\n')]));
  });
});
