/** Images that a tool gave back, below each other. */
import type { Image } from "../../blocks.ts";
import { ImageView } from "../image.tsx";

export function Images({ images }: { images: readonly Image[] }) {
  return (
    <>
      {images.map((image, index) => (
        <ImageView key={index} image={image} />
      ))}
    </>
  );
}
