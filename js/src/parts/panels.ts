/**
 * The entry of the part with the panels that are behind a tab until somebody opens it.
 *
 * The rule: wiring only. It is fetched when the page has settled, or one of them is opened, and is given
 * what it shares with the bundle (`given.ts`).
 */
export { Timeline } from "../views/charts/timeline.tsx";
export { KeysDialog } from "../views/help.tsx";
export { History } from "../views/history/history.tsx";
export { RawPanel } from "../views/pane/raw.tsx";
export { StderrPanel } from "../views/pane/stderr.tsx";
export { McpServers } from "../views/session/servers.tsx";
