/** Calls of tools made by hand, for the tests of what is told of them and how they are drawn. */
import type { ToolBlock, ToolResult } from "../src/fold/blocks.ts";

/** Values that no field of a tool was made for. */
export const ODD: readonly unknown[] = [
  null,
  undefined,
  0,
  -1.5,
  Number.NaN,
  true,
  "",
  "x\n\u202ey",
  [],
  {},
  [null, 1, "x", [], {}],
  { content: 1, lines: [1], status: [] },
  [{ content: [1, { title: 2, url: [] }], lines: "x", status: 3, cellType: {}, outputs: [null] }],
];

export function tool(
  name: string,
  input: object,
  result: (Partial<Omit<ToolResult, "data">> & { readonly data?: object | null }) | null,
): ToolBlock {
  const whole = { text: "", isError: false, images: [], elided: 0, range: null, ...result };
  return {
    kind: "tool",
    key: `tool:${name}`,
    parent: null,
    id: "t",
    name,
    input: input as ToolBlock["input"],
    inputText: "",
    result: result && { ...whole, data: (result.data ?? null) as ToolResult["data"] },
    permission: "",
    denial: "",
    deniedBy: "",
    seconds: null,
    over: false,
    task: null,
  };
}
