/**
 * Small choices of the reader that outlive the page.
 *
 * The rule: a name of ours to a short word, in the browser's own storage. Where the host forbids
 * that, a choice lasts as long as the page. Nothing of an execution goes in here.
 */
const PREFIX = "claude-widget:";

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Forbidden or full: whoever asked keeps the choice for as long as the page lives.
  }
}
