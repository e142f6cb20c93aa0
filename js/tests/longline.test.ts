/** Lines of any length: JSON still, and the same whatever the pieces. */
import { describe, expect, test } from "vitest";
import { cutLine, LongLine } from "../src/fold/longline.ts";
import { bytes, concat } from "./fakes.ts";
import { foldWhole, ofKind } from "./folding.ts";

const MEGABYTE = 1 << 20;
const text = (line: Uint8Array) => new TextDecoder().decode(line);

function inPieces(line: Uint8Array, size: number) {
  const long = new LongLine();
  for (let at = 0; at < line.length; at += size) long.add(line.subarray(at, at + size));
  return long.take();
}

describe("LongLine", () => {
  test("keeps a line that can be drawn as it is", () => {
    const line = bytes(JSON.stringify({ image: "A".repeat(7 * MEGABYTE), more: '"\\' }));
    const { line: kept, elided } = inPieces(line, 100_000);
    expect(elided).toBe(0);
    expect(text(kept)).toBe(text(line));
  });

  test.each(["y", "\n", "€", "😀", '"', "\\", "\ud800", 'a\\"€'])(
    "of a string of %j it keeps the beginning, and stays JSON",
    (unit) => {
      const size = JSON.stringify(unit).length - 2;
      const value = {
        before: [1],
        long: unit.repeat(Math.ceil((9 * MEGABYTE) / size)),
        after: "b",
      };
      const line = bytes(JSON.stringify(value));
      const { line: kept, elided } = cutLine(line);
      const parsed = JSON.parse(text(kept));
      expect({ ...parsed, long: "" }).toEqual({ ...value, long: "" });
      const [begun, count] = parsed.long.split("… [");
      expect(value.long.startsWith(begun)).toBe(true);
      expect(Number.parseInt(count, 10)).toBe(elided);
      const note = bytes(`… [${elided} bytes left out]`).length;
      expect(kept.length - note + elided).toBe(line.length);
      expect(kept.length).toBeLessThan(MEGABYTE);
      for (const pieces of [65_536, 77_777, 4 * MEGABYTE]) {
        const again = inPieces(line, pieces);
        expect(again.elided).toBe(elided);
        expect(Buffer.compare(again.line, kept)).toBe(0);
      }
    },
  );

  test("a line that is too long all the same is cut", () => {
    const line = bytes(JSON.stringify(Array.from({ length: 40 }, () => "z".repeat(MEGABYTE))));
    const { line: kept, elided } = inPieces(line, 3 * MEGABYTE);
    expect(kept.length).toBe(32 * MEGABYTE);
    expect(elided).toBe(line.length - kept.length);
  });

  test("is empty again after it was taken", () => {
    const long = new LongLine();
    long.add(bytes("a".repeat(2 * MEGABYTE)));
    long.take();
    long.add(bytes("b"));
    expect(long.length).toBe(1);
    expect(text(long.take().line)).toBe("b");
  });
});

test("a result of 30 MB is drawn by its beginning, and says how much is missing", () => {
  const content = "line\n".repeat(6 * MEGABYTE);
  const item = { type: "tool_result", tool_use_id: "t", content };
  const frame = {
    type: "user",
    message: { content: [item] },
    tool_use_result: { stdout: content },
  };
  const whole = bytes(JSON.stringify(frame));
  const parts: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += MEGABYTE) {
    const last = at + MEGABYTE >= whole.length;
    parts.push(
      bytes(last ? "1.0 out " : "1.0 out+ "),
      whole.subarray(at, at + MEGABYTE),
      bytes("\n"),
    );
  }
  const lines = concat(parts);
  const [tool] = ofKind(foldWhole(lines, 256 << 10), "tool");
  expect(tool?.result?.text).toBe(content.slice(0, 200_000));
  expect(tool?.result?.elided).toBeGreaterThan(content.length);
  expect(tool?.result?.range).toEqual({ offset: 0, length: lines.length });
});
