/**
 * From moments and amounts to places on an axis, and its ticks.
 *
 * The rule: pure; epoch seconds and amounts in, fractions of the axis and labels out. What is no
 * number, runs backwards or lies outside has a place all the same, or none: nothing here throws.
 * The same as `charts/scale.py`; a file of examples holds the two to each other.
 */

export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface Tick {
  /** Fraction of the axis, from 0 to 1. */
  readonly at: number;
  readonly label: string;
}

export interface Span {
  readonly at: number;
  readonly width: number;
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
/** Seconds between two ticks of a clock, as people read clocks. */
const STEPS = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 30, 91, 182, 365].map((days) => days * DAY),
];

/** The part of a span that lies in the range, as fractions of it; null if none does. */
export function placeOf(range: Range, from: number, to: number): Span | null {
  const end = Math.max(from, to);
  const length = range.to - range.from;
  if (!(length > 0) || !(end >= range.from && from <= range.to)) return null;
  const first = Math.max(from, range.from);
  return { at: (first - range.from) / length, width: (Math.min(end, range.to) - first) / length };
}

/**
 * Ticks of a clock, at most so many and at round times.
 *
 * `zone` is how many seconds the clock is ahead of UTC.
 */
export function timeTicks(range: Range, most: number, zone: number): readonly Tick[] {
  const length = range.to - range.from;
  if (!(length > 0) || !Number.isFinite(length)) return [];
  const step = STEPS.find((one) => length / one <= most) ?? Math.ceil(length / most / DAY) * DAY;
  const ticks: Tick[] = [];
  const first = Math.ceil((range.from + zone) / step) * step - zone;
  for (let index = 0; first + index * step <= range.to; index += 1) {
    const moment = first + index * step;
    ticks.push({ at: (moment - range.from) / length, label: clockLabel(moment + zone, step) });
  }
  return ticks;
}

function clockLabel(local: number, step: number): string {
  const date = new Date(local * 1000);
  if (Number.isNaN(date.getTime())) return "";
  const iso = date.toISOString();
  if (step >= DAY) return iso.slice(0, 10);
  return step < MINUTE ? iso.slice(11, 19) : iso.slice(11, 16);
}

/** Round amounts from 0 up to the first that is not below `most`, at most six. */
export function amountTicks(most: number): readonly number[] {
  if (!(most > 0) || !Number.isFinite(most)) return [0];
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => most / one <= 5);
  if (step === undefined) return [0, most];
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => index * step);
}

/** Such as `950`, `1.25k` and `3.4M`. */
export function shortAmount(amount: number): string {
  const [unit, size] =
    amount < 1000
      ? ["", amount]
      : amount < 1_000_000
        ? ["k", amount / 1000]
        : ["M", amount / 1_000_000];
  return `${Number(size.toFixed(unit ? 2 : 1))}${unit}`;
}

/** Such as `$0.05`; as many decimals as the step between two ticks needs. */
export function dollars(amount: number, step: number): string {
  if (amount === 0) return "$0";
  const isWhole = (decimals: number) => {
    const scaled = step * 10 ** decimals;
    const whole = Math.round(scaled);
    return whole > 0 && Math.abs(scaled - whole) < 1e-6;
  };
  return `$${amount.toFixed([0, 2, 3, 4, 5].find(isWhole) ?? 6)}`;
}
