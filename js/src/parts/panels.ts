/**
 * The entry of the part with the panels that are behind a tab until somebody opens it.
 *
 * The rule: wiring only. It is fetched when the page has settled, or one of them is opened, and is given
 * what it shares with the bundle (`given.ts`).
 */
export { executeAll, isStarting } from "../queue/drafting.ts";
export { queueKey } from "../queue/ordering.ts";
export { Batch } from "../views/batch/batch.tsx";
export { Timeline } from "../views/charts/timeline.tsx";
export { Promotions } from "../views/comparison/promotions.tsx";
export { Drafts } from "../views/form/drafts.tsx";
export { Templates } from "../views/form/templates.tsx";
export { Graph } from "../views/graph/graph.tsx";
export { Pipeline } from "../views/graph/pipeline.tsx";
export { KeysDialog } from "../views/help.tsx";
export { History } from "../views/history/history.tsx";
export { Changes } from "../views/pane/changes.tsx";
export { RawPanel } from "../views/pane/raw.tsx";
export { SaveButtons } from "../views/pane/saving.tsx";
export { StderrPanel } from "../views/pane/stderr.tsx";
export { QueueBar } from "../views/queue/bar.tsx";
export { QueuePlace } from "../views/queue/place.tsx";
export { QueueSelected } from "../views/queue/selected.tsx";
export { McpServers } from "../views/session/servers.tsx";
