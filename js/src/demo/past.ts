/**
 * The history of the plain page's world: what of it has ended.
 *
 * The rule: a search as simple as it can be; how a real one searches is the kernel's matter.
 */
import type { KernelMessage, SearchHistory } from "../protocol.ts";
import { isEnded } from "../store.ts";
import type { World } from "./world.ts";

export function pastOf(world: World, asked: SearchHistory): KernelMessage {
  const { requestId, text = "", status = null, limit = 50 } = asked;
  const all = [...world.executions.values()]
    .map(({ row }) => ({ ...row, pinned: row.executionId === "edit" }))
    .filter((row) => isEnded(row.status) && (status === null || row.status === status))
    .filter((row) => row.query.toLowerCase().includes(text.toLowerCase()))
    .sort((a, b) => (b.createdTime ?? 0) - (a.createdTime ?? 0));
  return {
    type: "claude:search-history",
    requestId,
    found: all.slice(0, limit),
    total: all.length,
    following: null,
    models: [...new Set(all.flatMap(({ model }) => model ?? []))],
    notes: [],
  };
}
