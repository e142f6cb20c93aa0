/**
 * Markdown that an agent wrote, as nodes.
 *
 * The rule: from tokens to nodes, with no string of HTML on the way: markup in the text is text, an
 * image is a link to it. A block that has settled is drawn once and keeps its nodes.
 */

import type { Token } from "marked";
import { Fragment, type VNode } from "preact";
import { useRef } from "preact/hooks";
import { formatNumber } from "../../format.ts";
import { isOpenFence, MarkdownReader, type Reading } from "../../text/markdown.ts";
import { useKept } from "../pane/kept.tsx";
import { drawBlock, type Place, startPlace } from "./tokens.tsx";

const FIRST_SHOWN = 100_000;
const STEP = 100_000;

export function Markdown({ text, streaming }: { text: string; streaming: boolean }) {
  const [limit, setLimit] = useKept("characters of markdown", FIRST_SHOWN);
  const state = useRef<{ reader: MarkdownReader; drawing: Drawing } | null>(null);
  state.current ??= { reader: new MarkdownReader(), drawing: new Drawing() };
  const { reader, drawing } = state.current;
  // A little more is shorter than the button.
  const end = text.length <= limit * 1.1 ? text.length : text.lastIndexOf("\n", limit) + 1 || limit;
  const left = text.length - end;
  const reading = reader.read(text.slice(0, end), streaming && left === 0);
  return (
    <div class="cw-markdown">
      {drawing.draw(reading)}
      {left > 0 && (
        <button type="button" class="cw-link" onClick={() => setLimit(end + STEP)}>
          {`Show more (${formatNumber(left)} more characters)`}
        </button>
      )}
    </div>
  );
}

/** Blocks in groups, so that a long text is not gone through for each word. */
const GROUP = 50;

type Drawn = VNode | null;

class Drawing {
  private generation = -1;
  private settled: Drawn[] = [];
  private tail: readonly Token[] = [];
  private tailDrawn: Drawn[] = [];
  private groups: VNode[] = [];
  private place: Place = startPlace();

  draw(reading: Reading): VNode[] {
    const { generation, settled, tail, pending, complete } = reading;
    if (generation !== this.generation) this.forget(generation);
    const known = this.settled.length;
    for (const token of settled.slice(known)) {
      this.settled.push(drawBlock(token, this.place, this.settled.length));
    }
    if (settled.length > known || tail !== this.tail || complete) {
      this.tail = tail;
      const place = { ...this.place, levels: [...this.place.levels] };
      this.tailDrawn = tail.map((token, index) => {
        const streaming = !complete && index === tail.length - 1;
        return drawBlock(token, { ...place, streaming }, settled.length + index);
      });
    }
    const drawn = pending === "" ? this.tailDrawn : this.withPending(pending);
    this.group(drawn, known);
    return this.groups;
  }

  private forget(generation: number): void {
    this.generation = generation;
    [this.settled, this.groups, this.tail] = [[], [], []];
    this.place = startPlace();
  }

  /** Groups that are all settled stay the same nodes, which is why they are not gone through. */
  private group(tail: readonly Drawn[], known: number): void {
    const first = Math.floor(known / GROUP);
    const rest = [...this.settled.slice(first * GROUP), ...tail];
    this.groups = this.groups.slice(0, first);
    for (let at = 0; at < rest.length; at += GROUP) {
      const members = rest.slice(at, at + GROUP);
      this.groups.push(<Fragment key={this.groups.length}>{members}</Fragment>);
    }
  }

  /** What is not read yet: it belongs to an open fence, or stands below as it came. */
  private withPending(pending: string): Drawn[] {
    const last = this.tail.at(-1);
    if (last?.type !== "code" || !isOpenFence(last)) {
      return [...this.tailDrawn, <p key="pending">{pending}</p>];
    }
    const whole = { ...last, text: `${last.text}${pending}` };
    const key = this.settled.length + this.tail.length - 1;
    const drawn = drawBlock(whole, { ...startPlace(), streaming: true }, key);
    return [...this.tailDrawn.slice(0, -1), drawn];
  }
}
