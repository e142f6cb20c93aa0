/**
 * Bytes of an image, as they came, to a Blob that the browser can draw.
 *
 * The rule: only kinds that are drawn and nothing else may be made of the bytes: a Blob of another
 * kind has an address in this page's own origin. What the bytes are is read from them, not believed.
 */
import type { Image } from "../fold/blocks.ts";

export interface Picture {
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const MOST_BYTES = 32 * 1024 * 1024;
const SVG = "image/svg+xml";
const SIGNATURES: readonly (readonly [string, RegExp])[] = [
  ["image/png", /^\x89PNG\r\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/gif", /^GIF8[79]a/],
  ["image/webp", /^RIFF[\s\S]{4}WEBP/],
];

/** The picture, or in words why there is none. */
export function readImage({ mediaType, data }: Image): Picture | string {
  if ((data.length * 3) / 4 > MOST_BYTES) return "too large to be shown";
  const text = decode(data);
  if (text === null || text === "") return "its data cannot be read";
  const found = kindOf(text, mediaType);
  if (found === "") return "its data is not that of an image";
  return { mediaType: found, bytes: Uint8Array.from(text, (character) => character.charCodeAt(0)) };
}

function decode(data: string): string | null {
  try {
    return atob(data);
  } catch {
    return null;
  }
}

function kindOf(text: string, said: string): string {
  const head = text.slice(0, 1024);
  const known = SIGNATURES.find(([, signature]) => signature.test(head))?.[0];
  if (known) return known;
  return said === SVG && /^(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE svg|svg)/i.test(head)
    ? SVG
    : "";
}

const UNITS = ["bytes", "kB", "MB"] as const;

export function formatSize(bytes: number): string {
  const unit = bytes < 1000 ? 0 : bytes < 1_000_000 ? 1 : 2;
  const value = bytes / 1000 ** unit;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
