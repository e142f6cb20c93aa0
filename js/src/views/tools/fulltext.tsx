/**
 * What a call is about, where the line above the body has only the beginning of it.
 */
import { fitsOneLine } from "../../tools/toolsummary.ts";
import { LongText } from "./longtext.tsx";

export function FullText({ text, name }: { text: string; name: string }) {
  return fitsOneLine(text) ? null : <LongText name={name} class="cw-tool-input" text={text} />;
}
