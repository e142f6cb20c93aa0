/**
 * Errors in words, said once.
 *
 * The rule: pure; the same failure comes with several prefixes, and from several places, and a
 * reader wants to read it in one.
 */

const PREFIX = /^\s*(?:(?:API )?error\b\s*:\s*)+/i;

/** With one prefix where it has any: `API error: API Error: 400` has two. */
export function errorText(text: string): string {
  const prefix = PREFIX.exec(text)?.[0] ?? "";
  if (prefix === "") return text;
  return `${/api/i.test(prefix) ? "API error" : "Error"}: ${text.slice(prefix.length)}`;
}

/** Those that neither the text nor an earlier one of them has said. */
export function newErrors(errors: readonly string[], text: string): readonly string[] {
  const said = [text];
  const fresh: string[] = [];
  for (const error of errors) {
    const bare = error.replace(PREFIX, "").trim();
    if (bare === "" || said.some((one) => one.includes(bare))) continue;
    said.push(error);
    fresh.push(errorText(error));
  }
  return fresh;
}
