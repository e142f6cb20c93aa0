/**
 * Which executions hang together: those that come after each other, directly or through others.
 *
 * The rule: pure, from rows to groups. What the list does not have is counted, and never drawn.
 */
import type { ExecutionRow } from "../protocol.ts";

export type Waiting = Pick<ExecutionRow, "executionId" | "after" | "afterCount">;

export interface Group<Row extends Waiting = Waiting> {
  /** Oldest first. */
  readonly rows: readonly Row[];
  /** By execution: those of the group that it comes after. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
}

/** The groups with the newest executions first; executions that stand alone are in none. */
export function groupsOf<Row extends Waiting>(newestFirst: readonly Row[]): Group<Row>[] {
  const known = new Map(newestFirst.map((row) => [row.executionId, row]));
  const needs = new Map<string, readonly string[]>();
  const leaders = new Map<string, string>();
  for (const { executionId, after } of newestFirst) {
    const there = [...new Set(after ?? [])].filter((id) => id !== executionId && known.has(id));
    needs.set(executionId, there);
    for (const other of there) join(leaders, executionId, other);
  }
  const members = new Map<string, Row[]>();
  for (const row of newestFirst) {
    if (!leaders.has(row.executionId)) continue;
    const leader = leaderOf(leaders, row.executionId);
    members.set(leader, [...(members.get(leader) ?? []), row]);
  }
  return [...members.values()].map((rows) => ({
    rows: rows.reverse(),
    needs: within(rows, needs),
  }));
}

function within(rows: readonly Waiting[], needs: ReadonlyMap<string, readonly string[]>) {
  return new Map(rows.map(({ executionId }) => [executionId, needs.get(executionId) ?? []]));
}

function leaderOf(leaders: Map<string, string>, id: string): string {
  let at = id;
  for (let next = leaders.get(at); next !== undefined && next !== at; next = leaders.get(at)) {
    leaders.set(at, leaders.get(next) ?? next);
    at = next;
  }
  return at;
}

function join(leaders: Map<string, string>, one: string, other: string): void {
  for (const id of [one, other]) if (!leaders.has(id)) leaders.set(id, id);
  leaders.set(leaderOf(leaders, one), leaderOf(leaders, other));
}

/** How many it comes after that are not drawn: the list does not have them, or they are too many. */
export function unseenOf(row: Waiting, drawn: readonly string[]): number {
  return Math.max(row.afterCount ?? 0, row.after?.length ?? 0) - drawn.length;
}

/** The first groups that fit into so many executions; the first one is cut rather than left out. */
export function fitting<Row extends Waiting>(groups: readonly Group<Row>[], most: number) {
  const shown: Group<Row>[] = [];
  let left = most;
  for (const group of groups) {
    if (group.rows.length > left && shown.length > 0) break;
    shown.push(group.rows.length > left ? cut(group, left) : group);
    left -= group.rows.length;
    if (left <= 0) break;
  }
  return shown;
}

function cut<Row extends Waiting>(group: Group<Row>, most: number): Group<Row> {
  const rows = group.rows.slice(-most);
  const kept = new Set(rows.map((row) => row.executionId));
  const needs = rows.map(({ executionId }): [string, readonly string[]] => [
    executionId,
    (group.needs.get(executionId) ?? []).filter((id) => kept.has(id)),
  ]);
  return { rows, needs: new Map(needs) };
}
