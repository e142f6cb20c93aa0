/** Images that a tool gave back, below each other. */
import type { Image } from "../../fold/blocks.ts";
import { ImageView } from "../text/image.tsx";

export function Images({ images }: { images: readonly Image[] }) {
  return (
    <>
      {images.map((image, index) => (
        <ImageView key={index} image={image} />
      ))}
    </>
  );
}
