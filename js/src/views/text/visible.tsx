/**
 * Text with its hidden characters shown, each as a small label of its code point.
 *
 * The rule: the text of a label stands for the character, which itself is not in the document; so
 * what is read, copied and heard is the same. What is hidden is decided in `visible.ts`.
 */
import { formatNumber } from "../../format.ts";
import { type Strictness, visible } from "../../text/visible.ts";

/** So many labels are drawn; more than that is not text, and the rest is plain. */
const MOST_LABELS = 500;

export function Visible({ text, as = "name" }: { text: string; as?: Strictness }) {
  const parts = visible(text, as);
  if (parts.length === 1 && parts[0]?.label === "") return <>{text}</>;
  const shown = parts.slice(0, MOST_LABELS);
  const left = parts.length - shown.length;
  return (
    <span class="cw-visible">
      {shown.map((part, index) =>
        part.label === "" ? (
          part.text
        ) : (
          <span key={index} class="cw-chip" title={part.label}>
            {chipOf(part.label)}
          </span>
        ),
      )}
      {left > 0 && <span class="cw-chip">{`… ${formatNumber(left)} more parts`}</span>}
    </span>
  );
}

/** The code point, and how many there are where they are many. */
function chipOf(label: string): string {
  const [code = ""] = label.split(" ", 1);
  const many = label.indexOf("…");
  return many < 0 ? code : `${code} ${label.slice(many)}`;
}
