/**
 * DOMPurify as a second opinion on a document.
 *
 * The rule: it is asked what it would take away, and that has to be nothing.
 */
import createPurifier from "dompurify";

/** Its own pattern of addresses, with those that are drawn here, and no others. */
const ADDRESSES = /^(?:(?:https?|mailto|blob):|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i;
/** Attributes of the widget's own that it does not know; none of them loads or runs anything. */
const ADD_ATTR = ["target", "focusable", "aria-live"];

/**
 * Without `SAFE_FOR_XML`, which takes away any attribute that has the end of a script in it: a label
 * may say what an agent wrote.
 */
const OPTIONS = { ADD_ATTR, ALLOWED_URI_REGEXP: ADDRESSES, SAFE_FOR_XML: false };

const purifier = createPurifier(window as never);

export function findRemoved(root: Element): string[] {
  const read = document.createElement("div");
  read.innerHTML = root.innerHTML;
  // Reading it drops some ends of lines, which says nothing.
  const html = read.innerHTML;
  const clean = purifier.sanitize(html, OPTIONS);
  const removed = purifier.removed.map((entry) => {
    const { element, attribute } = entry as { element?: Element; attribute?: Attr | null };
    if (element) return `element ${element.outerHTML ?? element.textContent}`;
    return `attribute ${attribute?.name}=${attribute?.value}`;
  });
  return clean === html ? removed : [...removed, "what is left is another text"];
}
