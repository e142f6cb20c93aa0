/** The highlighter, as a test has it: from the sources instead of from a kernel. */
import { beforeAll, expect, vi } from "vitest";
import { highlighter, provideHighlighter, wantHighlighter } from "../src/text/highlight.ts";

export function useHighlighter(): void {
  beforeAll(async () => {
    provideHighlighter(() => import("../src/text/highlighter.ts"));
    wantHighlighter();
    await vi.waitFor(() => expect(highlighter.value).not.toBeNull());
  });
}
