/**
 * Source text, highlighted.
 *
 * The rule: from the highlighter's tree to nodes; only what has settled is highlighted, when the
 * page has time for it.
 */

export function Code({ text }: { text: string; language: string }) {
  return <pre class="cw-code">{text}</pre>;
}
