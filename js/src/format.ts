/**
 * Figures as a reader wants them.
 *
 * The rule: short, stable in width where they tick, and never a bare number without its unit.
 */

export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A day and a time, as the reader's clock has them; the same in every language. */
export function formatMoment(epochSeconds: number): string {
  const at = new Date(epochSeconds * 1000);
  if (Number.isNaN(at.getTime())) return "an unknown time";
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** What every cost is: no bill says it. */
export const LIST_PRICES = "estimate at list prices";

export function formatCost(dollars: number): string {
  if (dollars === 0) return "$0";
  return dollars < 0.01 ? `$${dollars.toFixed(4)}` : `$${dollars.toFixed(2)}`;
}

export function formatAge(seconds: number): string {
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? "yesterday" : `${days} days ago`;
}

/** With a comma between thousands. What the browser has for it takes 40 ms to get ready. */
export const formatNumber = (whole: number): string =>
  String(whole).replace(/\B(?=(?:\d{3})+$)/g, ",");

export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

/** In powers of a thousand, as file managers have it. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const [unit, size] = bytes < 1_000_000 ? ["kB", bytes / 1000] : ["MB", bytes / 1_000_000];
  return `${size < 10 ? size.toFixed(1) : formatNumber(Math.round(size))} ${unit}`;
}

export const clip = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}…` : text;
