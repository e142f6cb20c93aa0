/**
 * A link to an address that an agent wrote.
 *
 * The rule: it opens in a window that knows nothing of this one; where it really leads can be seen
 * before it is followed. An address that may not be a link is drawn as the words alone.
 */
import type { ComponentChildren } from "preact";
import { readAddress } from "../../text/links.ts";
import { visibleText } from "../../text/visible.ts";

interface Link {
  readonly address: string;
  /** The words as text, to be compared with where it leads. */
  readonly words: string;
  /** The words as they are drawn. */
  readonly children: ComponentChildren;
}

export function SafeLink({ address, words, children }: Link) {
  const read = readAddress(address, words);
  if (read === null) return <UnsafeLink address={address} words={words} shown={children} />;
  return (
    <>
      <a
        class="cw-anchor"
        href={read.href}
        target="_blank"
        rel="noopener noreferrer nofollow"
        title={read.href}
      >
        {children}
      </a>
      {read.leadsTo !== "" && <span class="cw-meta">{` (${read.leadsTo})`}</span>}
    </>
  );
}

const SHOWN_ADDRESS = 200;

function UnsafeLink({
  address,
  words,
  shown,
}: {
  address: string;
  words: string;
  shown: ComponentChildren;
}) {
  const said = visibleText(address.slice(0, SHOWN_ADDRESS));
  return (
    <>
      {shown}
      {address !== "" && address !== words && <span class="cw-meta">{` (${said})`}</span>}
    </>
  );
}
