/**
 * More traffic than was ever recorded: recorded frames, many times over.
 *
 * The rule: no frame is made up. Ids of messages and tool calls are numbered, so that each turn
 * counts as one of its own, and the text of the deltas is cut from one piece of markdown.
 */
import bash from "../../../tests/transcripts/bash_tool.jsonl";
import partial from "../../../tests/transcripts/partial_text.jsonl";
import edits from "../../../tests/transcripts/write_read_edit.jsonl";
import { record } from "./framing.ts";

const SECTION = `## What was found

The parser reads **every line twice**, once in \`read_header\` and once in \`read_body\`:

| file | lines | calls |
| --- | ---: | ---: |
| parser.py | 412 | 17 |
| reader.py | 96 | 4 |

\`\`\`python
def read(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        return [line.rstrip() for line in file]
\`\`\`

1. Read the header *once*, and keep it.
2. Give the body what is left; see [the notes](https://example.org/notes).
3. Run the tests again, since \`test_split\` looks at the second reading.

`;
const PIECE = 14;
/** So that nearly all frames are deltas, as where a CLI prints partial messages. */
const TIMES = 3;

const TEXT = SECTION.repeat(TIMES);

const lines = (text: string): string[] => text.split("\n").filter(Boolean);
const [streamed, called, edited] = [lines(partial), lines(bash), lines(edits)];
const isOf = (type: string) => (line: string) => line.startsWith(`{"type":"${type}"`);
const sessionOf = (line: string): string => /"session_id":"([^"]+)"/.exec(line)?.[1] ?? "";
const SESSION = sessionOf(streamed[0] ?? "");

const START = streamed.filter(isOf("system"));
const DELTA = streamed.find((line) => line.includes('"text_delta"')) ?? "";
const OPENING = streamed.filter((line) => /"message_start"|"content_block_start"/.test(line));
const CLOSING = streamed.filter((line) =>
  /"content_block_stop"|"message_delta"|"message_stop"/.test(line),
);
const WHOLE = streamed.find(isOf("assistant")) ?? "";
/** Calls with their results. */
const TOOLS = pairs([...called, ...edited].filter((line) => /"tool_(?:use|result)"/.test(line)));
const RESULT = streamed.at(-1) ?? "";

function pairs(some: readonly string[]): string[][] {
  return some.flatMap((_, at) => (at % 2 === 0 ? [some.slice(at, at + 2)] : []));
}

const PIECES: readonly string[] = Array.from({ length: Math.ceil(TEXT.length / PIECE) }, (_, at) =>
  JSON.stringify(TEXT.slice(at * PIECE, (at + 1) * PIECE)),
);
const DELTAS: readonly string[] = PIECES.map((piece) =>
  DELTA.replace(/"text":"(?:[^"\\]|\\.)*"/, () => `"text":${piece}`),
);
const SAID = WHOLE.replace(/"text":"(?:[^"\\]|\\.)*"/, () => `"text":${JSON.stringify(TEXT)}`);

const numbered = (line: string, turn: number): string =>
  line
    .replace(/\b(?:msg|toolu)_\w+/g, (id) => `${id}x${turn}`)
    .replace(/"session_id":"[^"]+"/g, `"session_id":"${SESSION}"`);

/** Turn after turn, without an end. `streamed` is whether text comes in deltas first. */
export function* turns(streamed = true): Generator<string> {
  yield* START;
  for (let turn = 1; ; turn += 1) {
    const tool = TOOLS[turn % TOOLS.length] ?? [];
    const frames = streamed ? [...OPENING, ...DELTAS, SAID, ...CLOSING, ...tool] : [SAID, ...tool];
    for (const frame of frames) yield numbered(frame, turn);
  }
}

/** The transcript of an execution with so many frames, ended. */
export function longTranscript(count: number, streamed: boolean): Uint8Array {
  const parts = ['0.000000 meta {"event":"transcript","version":1}\n'];
  let at = 0;
  for (const frame of turns(streamed)) {
    at += 1;
    parts.push(record(at / 100, "out", frame));
    if (at >= count - 1) break;
  }
  parts.push(record(at / 100, "out", RESULT));
  parts.push(record(at / 100 + 1, "meta", '{"event":"ended","exit_code":0}'));
  return new TextEncoder().encode(parts.join(""));
}
