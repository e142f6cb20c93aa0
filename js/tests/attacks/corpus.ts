/**
 * Attacks, and every place where an agent's text can appear, as the browser tests have them, too.
 *
 * The rule: data only. A record of `places.jsonl` is written with an attack's text in place of
 * `%TEXT%`, in keys as well, and with what makes ids its own in place of `%N%`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bytes } from "../fakes.ts";

export interface Attack {
  readonly kind: string;
  readonly text: string;
}

type Place = readonly [stream: string, content: unknown];

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");

export const ATTACKS: readonly Attack[] = Object.entries(
  JSON.parse(read("corpus.json")) as Record<string, string[]>,
).flatMap(([kind, texts]) => texts.map((text) => ({ kind, text })));

const PLACES: readonly Place[] = read("places.jsonl")
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line));

function fill(value: unknown, text: string, serial: string): unknown {
  if (typeof value === "string") {
    const quoted = value.replaceAll("%N%", serial).split("%TEXT_JSON%");
    return quoted
      .map((part) => part.split("%TEXT%").join(text))
      .join(JSON.stringify(text).slice(1, -1));
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, text, serial));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, item]) => [fill(name, text, serial), fill(item, text, serial)]),
  );
}

/** A line of the transcript has no end of a line in it. */
function record([stream, content]: Place, text: string): string {
  const filled = fill(content, text, "1");
  const line = typeof filled === "string" ? filled.replace(/[\r\n]/g, " ") : JSON.stringify(filled);
  return `1.000000 ${stream} ${line}\n`;
}

const ENDINGS: ReadonlySet<unknown> = new Set(["limit", "kill", "signalled", "%TEXT%", "ended"]);
const isEnding = ([stream, content]: Place): boolean =>
  stream === "meta" && ENDINGS.has((content as { event: unknown }).event);

export interface Written {
  readonly live: Uint8Array;
  /** The records that end it. */
  readonly ending: Uint8Array;
}

/** All places in a transcript, each with the attack that is chosen for it. */
export function writeTranscript(choose: (place: number) => string): Written {
  const written = PLACES.map((place, index) => ({ place, text: record(place, choose(index)) }));
  const join = (ending: boolean) =>
    bytes(
      written
        .filter(({ place }) => isEnding(place) === ending)
        .map(({ text }) => text)
        .join(""),
    );
  return { live: join(false), ending: join(true) };
}
