/**
 * The card of a call, as a test looks at it.
 *
 * The rule: what is found in it is found as a reader would: by its line, its body, its words.
 */
import type { ToolBlock } from "../src/fold/blocks.ts";
import { ToolView } from "../src/views/tools/tool.tsx";
import { draw } from "./drawn.tsx";
import { el, pass } from "./stage.ts";
import { tool } from "./tools.ts";

export const show = (block: ToolBlock) => draw(ToolView, block);
export const head = () => el.querySelector(".cw-tool-head") as HTMLButtonElement;
export const body = () => el.querySelector(".cw-tool-body");
export const isOpen = () => head().getAttribute("aria-expanded") === "true";
export const toggle = () => pass(1000, () => head().click());
export const texts = (selector: string) =>
  [...el.querySelectorAll(selector)].map((found) => found.textContent);

/** Draws a call, opens its card, and gives the words of its body. */
export async function opened(...args: Parameters<typeof tool>): Promise<string> {
  await show(tool(...args));
  if (!isOpen()) await toggle();
  return body()?.textContent ?? "";
}
