// What a document may have in it, whatever an agent wrote; and how to bring all of it to sight.
//
// The rule: plain JavaScript that needs nothing, since it is given to a browser's page as text, too.
// An allow list looks at what is there, and not at how it came about.

const TAGS = new Set(
  (
    "a b blockquote br button caption code datalist dd del details dialog div dl dt em fieldset " +
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr img input kbd label legend li main " +
    "mark nav ol optgroup option p path pre progress s section select small span strong sub summary " +
    "sup svg table tbody td textarea tfoot th thead time tr ul"
  ).split(" "),
);
/** What may be in the attributes that hold an address. */
const ADDRESSES = { href: /^(?:https?:\/\/|mailto:)/, src: /^blob:/ };
const LOADS = new Set(
  (
    "action archive background cite classid code codebase data formaction icon is longdesc lowsrc " +
    "manifest nonce ping poster profile srcdoc srcset usemap xlink:href xml:base"
  ).split(" "),
);

/**
 * What must not be there, in words; an empty list is as it should be.
 *
 * @param {Element} root
 * @returns {string[]}
 */
function findHarm(root) {
  return [...root.querySelectorAll("*")].flatMap((element) => [
    ...(isKnown(element) ? [] : [`<${element.localName}>`]),
    ...[...element.attributes].filter(isHarmful).map(({ name, value }) => `${name}=${value}`),
    ...(element.localName === "a" && !opensApart(element) ? ["a link into this window"] : []),
  ]);
}

/**
 * @param {Element} element
 * @returns {boolean}
 */
function isKnown({ localName, parentElement }) {
  return TAGS.has(localName) || (localName === "title" && parentElement?.localName === "svg");
}

/**
 * @param {Attr} attribute
 * @returns {boolean}
 */
function isHarmful({ name, value }) {
  const allowed = name === "href" ? ADDRESSES.href : name === "src" ? ADDRESSES.src : null;
  if (allowed) return !allowed.test(value);
  if (name === "style") return /url|expression|import|\\/i.test(value);
  return /^on/i.test(name) || LOADS.has(name);
}

/**
 * @param {Element} link
 * @returns {boolean}
 */
function opensApart(link) {
  const rel = (link.getAttribute("rel") ?? "").split(" ");
  const apart = rel.includes("noopener") && rel.includes("noreferrer");
  return apart && link.getAttribute("target") === "_blank";
}

/** Buttons that only show more: none of them sends anything. */
const SHOWS = /^(?:Show more|Show all|Always allow…|Edit|Edit…|Edit input)/;

/**
 * Opens what is folded; whether there was anything. What opens can have more in it.
 *
 * @param {Element} root
 * @returns {boolean}
 */
function openFolded(root) {
  const folds = [...root.querySelectorAll("details:not([open])")];
  const buttons = [...root.querySelectorAll("button")].filter(
    (button) =>
      button.getAttribute("aria-expanded") === "false" || SHOWS.test(button.textContent ?? ""),
  );
  for (const fold of folds) fold.setAttribute("open", "");
  for (const button of buttons) button.click();
  return folds.length + buttons.length > 0;
}

export { findHarm, openFolded };
