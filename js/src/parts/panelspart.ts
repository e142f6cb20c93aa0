/**
 * The panels behind tabs, once they were fetched.
 *
 * The rule: of the panels only their types are known here.
 */
import type { PartFetcher } from "./fetching.ts";
import { give } from "./given.ts";
import { Part } from "./part.ts";

export type Panels = typeof import("./panels.ts");

export const panels = new Part<Panels>();

/** As they come from the kernel: a function that makes them of what they are given. */
export async function fetchPanels(parts: PartFetcher): Promise<Panels> {
  type Made = { default: (give: (name: string) => object) => Panels };
  return (await parts.fetch<Made>("panels")).default(give);
}
