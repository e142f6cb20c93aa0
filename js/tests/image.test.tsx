/** Images: from Blobs of their own bytes, and given back; what is none says so. */
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { formatSize, readImage } from "../src/text/images.ts";
import { ImageView } from "../src/views/text/image.tsx";

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const SVG = btoa(
  '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>1</script></svg>',
);

let el: HTMLElement;
const made: Blob[] = [];
const revoked: string[] = [];
beforeEach(() => {
  el = document.createElement("div");
  made.length = 0;
  revoked.length = 0;
  vi.spyOn(URL, "createObjectURL").mockImplementation(
    (blob) => `blob:test/${made.push(blob as Blob)}`,
  );
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void revoked.push(url));
});
afterEach(() => act(() => render(null, el)));
const show = (mediaType: string, data: string) =>
  act(() => render(<ImageView image={{ mediaType, data }} />, el));

test("is drawn from a Blob, which is given back", () => {
  show("image/png", PNG);
  expect(el.querySelector("img")?.getAttribute("src")).toBe("blob:test/1");
  expect(made[0]?.type).toBe("image/png");
  expect(made[0]?.size).toBe(70);
  act(() => render(null, el));
  expect(revoked).toEqual(["blob:test/1"]);
});

test("another image takes its place, and the first is given back", () => {
  show("image/png", PNG);
  show("image/svg+xml", SVG);
  expect(el.querySelector("img")?.getAttribute("src")).toBe("blob:test/2");
  expect(revoked).toEqual(["blob:test/1"]);
});

test("SVG is an image, and nothing of it is in the document", () => {
  show("image/svg+xml", SVG);
  expect(made[0]?.type).toBe("image/svg+xml");
  expect(el.querySelectorAll("svg, script, iframe, object, embed")).toHaveLength(0);
});

test("says its kind and size, and is enlarged in its place", () => {
  show("image/png", PNG);
  expect(el.querySelector("figcaption")?.textContent).toBe("png, 70 bytes");
  const button = el.querySelector("button");
  expect(button?.getAttribute("aria-label")).toBe("Image, png, 70 bytes: enlarge");
  act(() => button?.click());
  expect(button?.getAttribute("aria-expanded")).toBe("true");
  expect(el.querySelector("a")).toBeNull();
});

test("one that the browser cannot draw says so", () => {
  show("image/png", PNG);
  act(() => void el.querySelector("img")?.dispatchEvent(new Event("error")));
  expect(el.querySelector("figcaption")?.textContent).toContain("cannot draw it");
});

describe("what is no image", () => {
  test.each([
    ["image/png", btoa("<script>alert(1)</script>")],
    ["text/html", btoa("<script>alert(1)</script>")],
    ["image/svg+xml", btoa("<html><script>alert(1)</script></html>")],
    ["image/png", SVG],
    ["image/png", "***"],
    ["image/png", ""],
    ["application/pdf", btoa("%PDF-1.4")],
  ])("%s of %j is words", (mediaType, data) => {
    show(mediaType, data);
    expect(made).toEqual([]);
    expect(el.querySelector("img")).toBeNull();
    expect(el.textContent).toContain(`image, ${mediaType}: `);
  });

  test("what the bytes are is believed, not what is said of them", () => {
    const picture = readImage({ mediaType: "text/html", data: PNG });
    expect(typeof picture === "string" ? picture : picture.mediaType).toBe("image/png");
  });

  test("a huge one is not decoded", () => {
    const data = "A".repeat(50 * 1024 * 1024);
    expect(readImage({ mediaType: "image/png", data })).toBe("too large to be shown");
  });
});

test("sizes", () => {
  expect([70, 1500, 2_500_000].map(formatSize)).toEqual(["70 bytes", "1.5 kB", "2.5 MB"]);
});
