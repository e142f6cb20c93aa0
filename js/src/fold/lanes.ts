/**
 * The order of blocks: those of a subagent below the call that started it.
 *
 * The rule: knows keys and parents, never what a block is. A lane is the main one, or that of a
 * tool call; it is drawn after that call, before the next block beside it. A lane whose call is not
 * known stands where its first block came. No input makes a circle. A new key costs little however
 * many there are; all of them are put in order anew only when a lane moves.
 */
interface Lane {
  /** Keys of blocks, and lanes that are not below a block. */
  readonly items: (string | Lane)[];
  depth: number;
  /** The lane that it is drawn in; null for the main one. */
  within: Lane | null;
  /** The block that it is drawn below, where there is one. */
  below: string | null;
}

/** No real subagent is nested this deep; it bounds the way up. */
const DEEPEST = 1000;

export class Lanes {
  private readonly main: Lane = { items: [], depth: 0, within: null, below: null };
  /** By the tool call that they belong to. */
  private readonly lanes = new Map<string, Lane>();
  /** By the key of that call's block. */
  private readonly below = new Map<string, Lane>();
  private readonly laneOf = new Map<string, Lane>();
  /** The keys in order; what was handed out is never changed. */
  private order: string[] = [];
  private handedOut = false;
  private stale = false;

  /** How deep a block is nested: 0 in the main lane. */
  depth(key: string): number {
    return this.laneOf.get(key)?.depth ?? 0;
  }

  /** Puts the key at the end of its lane; `callOf` gives the key of a tool call's block. */
  add(key: string, parent: string | null, callOf: (id: string) => string | undefined): void {
    const lane = parent === null ? this.main : this.lane(parent, callOf(parent));
    const before = lane === this.main ? null : this.lastKey(lane);
    lane.items.push(key);
    this.laneOf.set(key, lane);
    if (this.stale) return;
    this.ownOrder();
    const at = before === null ? this.order.length - 1 : this.order.lastIndexOf(before);
    if (at === this.order.length - 1) this.order.push(key);
    else if (at >= 0) this.order.splice(at + 1, 0, key);
    else this.stale = true;
  }

  /** The block of that key is the call that a lane belongs to. */
  attach(call: string, key: string): void {
    const lane = this.lanes.get(call);
    const around = this.laneOf.get(key);
    if (!lane || !around || lane.below !== null) return;
    // Only what came before its call can be around it.
    if (lane.items.length > 0 && isWithin(around, lane)) return;
    lane.within = around;
    lane.below = key;
    lane.depth = around.depth + 1;
    this.below.set(key, lane);
    if (lane.items.length > 0) this.stale = true;
  }

  remove(key: string): void {
    const around = this.laneOf.get(key);
    if (!around) return;
    const left = this.below.get(key);
    if (left) left.below = null;
    this.below.delete(key);
    this.laneOf.delete(key);
    // What was below it stays where it was.
    around.items.splice(around.items.lastIndexOf(key), 1, ...(left ? [left] : []));
    this.stale = true;
  }

  /** All keys as they are drawn; the same array as long as nothing has changed. */
  keys(): readonly string[] {
    if (this.stale) this.order = this.arrange();
    this.stale = false;
    this.handedOut = true;
    return this.order;
  }

  private ownOrder(): void {
    if (this.handedOut) this.order = this.order.slice();
    this.handedOut = false;
  }

  private lane(call: string, key: string | undefined): Lane {
    const known = this.lanes.get(call);
    if (known) return known;
    const lane: Lane = { items: [], depth: 1, within: this.main, below: null };
    this.lanes.set(call, lane);
    if (key !== undefined) this.attach(call, key);
    if (lane.below === null) this.main.items.push(lane);
    return lane;
  }

  /** What is drawn last of a lane, or before its first block; null where that is the very end. */
  private lastKey(lane: Lane): string | null {
    let key = lane.below;
    for (let here: Lane | undefined = lane; here; ) {
      const last: string | Lane | undefined = here.items.at(-1);
      if (typeof last === "string") key = last;
      else if (last) this.stale = true;
      here = typeof last === "string" ? this.below.get(last) : undefined;
    }
    return key;
  }

  private arrange(): string[] {
    const keys: string[] = [];
    const open: { lane: Lane; at: number }[] = [{ lane: this.main, at: 0 }];
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const item = top.lane.items[top.at];
      top.at += 1;
      if (item === undefined) open.pop();
      else if (typeof item === "string") {
        keys.push(item);
        enter(open, this.below.get(item), top.lane);
      } else if (item.below === null) enter(open, item, top.lane);
    }
    return keys;
  }
}

function enter(open: { lane: Lane; at: number }[], lane: Lane | undefined, around: Lane): void {
  if (!lane) return;
  lane.depth = around.depth + 1;
  open.push({ lane, at: 0 });
}

/** Whether the lane is the other one, or somewhere in it; also where that is too far up to tell. */
function isWithin(lane: Lane, other: Lane): boolean {
  let here: Lane | null = lane;
  for (let steps = 0; here; steps += 1) {
    if (here === other || steps > DEEPEST) return true;
    here = here.within;
  }
  return false;
}
