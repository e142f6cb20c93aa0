/**
 * Which addresses of an agent's may become a link, and what a reader is told of them.
 *
 * The rule: only whole `http`, `https` and `mailto` addresses, as the browser itself reads them; all
 * else stays text. Nothing here is ever loaded by itself.
 */

export interface Address {
  /** As the browser reads it: escaped, and its host in ASCII. */
  readonly href: string;
  /** Where it leads, if the words of the link could be taken for somewhere else; or empty. */
  readonly leadsTo: string;
}

const SCHEMES: ReadonlySet<string> = new Set(["http:", "https:", "mailto:"]);
const LONGEST = 4000;
/** Words that a reader would take for an address themselves. */
const LOOKS_LIKE_ADDRESS =
  /^\s*(?:https?:\/\/|www\.|mailto:)|^\s*[\w-]+(?:\.[\w-]+)+(?:[/:?#]\S*)?\s*$/i;

export function readAddress(address: string, words = ""): Address | null {
  if (address.length > LONGEST || !/^\s*(?:https?:\/\/|mailto:)/i.test(address)) return null;
  try {
    const url = new URL(address);
    if (!SCHEMES.has(url.protocol)) return null;
    return { href: url.href, leadsTo: leadsTo(url, words) };
  } catch {
    return null;
  }
}

const bare = (host: string): string => host.replace(/^www\./, "");

function leadsTo(url: URL, words: string): string {
  const real = url.protocol === "mailto:" ? url.pathname : url.host;
  // A user name before the host is there to be taken for the host.
  if (url.username !== "" || url.password !== "") return url.host;
  if (!LOOKS_LIKE_ADDRESS.test(words)) return "";
  return bare(hostOf(words)) === bare(real) ? "" : real;
}

function hostOf(words: string): string {
  const said = words.trim();
  try {
    const url = new URL(/^[a-z]+:/i.test(said) ? said : `http://${said}`);
    return url.protocol === "mailto:" ? url.pathname : url.host;
  } catch {
    return said;
  }
}
