/**
 * An image that an agent read or made.
 *
 * The rule: drawn from a Blob of its own bytes, never from an address; SVG only as an image.
 */
import type { Image } from "../blocks.ts";

export function ImageView({ image }: { image: Image }) {
  return <span class="cw-tag">{image.mediaType}</span>;
}
