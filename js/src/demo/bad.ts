/**
 * Input that is far too much, or that nobody has seen.
 *
 * The rule: each is a whole execution, in frames of the CLI's own shape, so that all of the page has
 * to bear it. Each says something plain after the bad part: the view must get there.
 */
const frame = (value: object): string => JSON.stringify({ session_id: "bad", ...value });

const says = (id: string, text: string): string =>
  frame({ type: "assistant", message: { id, content: [{ type: "text", text }] } });

const calls = (id: string, name: string, input: object): string =>
  frame({ type: "assistant", message: { id, content: [{ type: "tool_use", id, name, input }] } });

const gives = (id: string, content: string): string =>
  frame({
    type: "user",
    message: { role: "user", content: [{ type: "tool_result", tool_use_id: id, content }] },
  });

const END = says("end", "It goes on after that.");

/** A tool result of that many megabytes, of ordinary lines. */
function largeResult(megabytes: number): string {
  const line = "2026-01-01 00:00:00 INFO worker: a line of an ordinary log file\n";
  const text = line.repeat(Math.ceil((megabytes * 1024 * 1024) / line.length));
  return [calls("t1", "Bash", { command: "cat big.log" }), gives("t1", text), END].join("\n");
}

function manyCalls(count: number): string {
  const one = (index: number) => {
    const id = `t${index}`;
    return [calls(id, "Bash", { command: `echo ${index}` }), gives(id, `${index}`)];
  };
  return [...Array.from({ length: count }, (_, index) => one(index)).flat(), END].join("\n");
}

function longTable(rows: number): string {
  const cells = Array.from({ length: rows }, (_, row) => `| row ${row} | ${row * 7} | yes |`);
  const table = ["| name | value | known |", "| --- | ---: | --- |", ...cells].join("\n");
  return [says("table", table), END].join("\n");
}

function deepMarkdown(depth: number): string {
  const quote = `${"> ".repeat(depth)}the bottom`;
  const list = Array.from({ length: 500 }, (_, level) => `${"  ".repeat(level)}- level ${level}`);
  const brackets = `${"[".repeat(depth)}text${"](x)".repeat(depth)}`;
  return [says("deep", [quote, list.join("\n"), brackets].join("\n\n")), END].join("\n");
}

function unknownFrames(): string {
  const made = [
    frame({ type: "hologram", beam: { angle: 7 } }),
    frame({ type: "system", subtype: "weather", wind: "north" }),
    frame({ type: "assistant", message: { id: "m", content: [{ type: "hum", pitch: 440 }] } }),
    "this line is no JSON",
  ];
  return [...made, END].join("\n");
}

export const BAD: Readonly<Record<string, () => string>> = {
  large: () => largeResult(30),
  calls: () => manyCalls(10_000),
  table: () => longTable(5000),
  deep: () => deepMarkdown(5000),
  unknown: unknownFrames,
};
