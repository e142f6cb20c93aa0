/**
 * Saving a file from the page.
 *
 * The rule: the bytes come from this page alone, through a Blob whose address lives no longer than
 * the browser needs to begin.
 */

const BEGUN_AFTER = 30_000;

export function saveFile(name: string, parts: readonly BlobPart[], type: string): void {
  const url = URL.createObjectURL(new Blob([...parts], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), BEGUN_AFTER);
}
