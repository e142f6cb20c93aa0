/**
 * An image that an agent read or made.
 *
 * The rule: drawn from a Blob of its own bytes, never from an address; SVG only in an `img`, where it
 * can neither run nor load anything. It is enlarged in its place: no window has an agent's content.
 */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Image } from "../../fold/blocks.ts";
import { formatSize, type Picture, readImage } from "../../text/images.ts";
import { Visible } from "./visible.tsx";

export function ImageView({ image }: { image: Image }) {
  const picture = useMemo(() => readImage(image), [image]);
  if (typeof picture !== "string") return <PictureView picture={picture} />;
  return (
    <span class="cw-tag">
      {"image, "}
      <Visible text={image.mediaType.slice(0, 100)} as="line" />
      {`: ${picture}`}
    </span>
  );
}

function PictureView({ picture }: { picture: Picture }) {
  const [address, setAddress] = useState("");
  const [large, setLarge] = useState(false);
  const [size, setSize] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([picture.bytes], { type: picture.mediaType }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [picture]);
  const kind = picture.mediaType.replace(/^image\/|\+xml$/g, "");
  const facts = [kind, size, formatSize(picture.bytes.length)].filter(Boolean).join(", ");
  const measure = ({
    currentTarget: { naturalWidth, naturalHeight },
  }: {
    currentTarget: HTMLImageElement;
  }) => setSize(`${naturalWidth} × ${naturalHeight}`);
  return (
    <figure class="cw-figure">
      <button
        type="button"
        class={large ? "cw-picture cw-picture-large" : "cw-picture"}
        aria-expanded={large}
        aria-label={`Image, ${facts}: ${large ? "make smaller" : "enlarge"}`}
        onClick={() => setLarge(!large)}
      >
        {address !== "" && (
          <img
            src={address}
            alt=""
            onLoad={measure}
            onError={() => setSize("the browser cannot draw it")}
          />
        )}
      </button>
      <figcaption class="cw-meta">{facts}</figcaption>
    </figure>
  );
}
