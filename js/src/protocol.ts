/**
 * The messages between kernel and page. Generated from claude_widget/protocol.py by `npm run types`:
 * do not edit; `npm run check:types` fails when the two differ.
 */

export const PROTOCOL_VERSION = 1;
export const MAX_PAGE_MESSAGE = 8388608;
export const MAX_BATCH = 262144;

/**
 * Where an execution is. The last three are final.
 */
export type ExecutionStatus = "pending" | "running" | "completed" | "failed" | "killed";
/**
 * Why an execution ended; the status follows from it (`STATUS_OF`).
 */
export type Reason =
  | "success"
  | "denied"
  | "interrupted"
  | "api_error"
  | "rate_limit"
  | "authentication"
  | "budget"
  | "max_turns"
  | "schema"
  | "startup"
  | "dependency"
  | "lost"
  | "crashed"
  | "timeout"
  | "idle"
  | "memory"
  | "cpu"
  | "processes"
  | "disk"
  | "user"
  | "batch"
  | "budget_scope"
  | "close"
  | "sweep";
export type KernelMessage =
  | BundleAnswer
  | Welcome
  | Pong
  | ExecuteAnswer
  | ExecutionAnswer
  | ExecutionsAnswer
  | SessionsAnswer
  | Done
  | Refused
  | Events
  | PaneData;
export type PageMessage =
  | Bundle
  | Hello
  | Ping
  | Execute
  | GetExecution
  | GetAllExecutions
  | GetActiveExecutions
  | KillExecution
  | CleanupExecution
  | GetSessions
  | OpenPane
  | ClosePane;

/**
 * The page has no bundle of that hash yet.
 */
export interface Bundle {
  requestId: string;
  type: "claude:bundle";
  hash: string;
}
/**
 * Two binary buffers follow: the bundle's JavaScript and its CSS.
 */
export interface BundleAnswer {
  requestId: string;
  type: "claude:bundle";
  hash: string;
}
/**
 * Fields of its row that changed, and only those. An unknown id is a new row.
 */
export interface Changed {
  executionId: string;
  type: "claude:changed";
  /**
   * Wire names of `ExecutionRow` and their values.
   */
  changes: {
    [k: string]: unknown;
  };
}
export interface CleanupExecution {
  requestId: string;
  type: "claude:cleanup-execution";
  executionId: string;
}
export interface ClosePane {
  requestId: string;
  type: "claude:close-pane";
  paneId: string;
}
/**
 * It has ended. `code` is the CLI's exit code; negative is a signal, None unknown.
 */
export interface Complete {
  executionId: string;
  type: "claude:complete";
  code: number | null;
  status: ExecutionStatus;
  reason: Reason;
}
/**
 * The request was carried out and has nothing to say.
 */
export interface Done {
  requestId: string;
  type: "claude:done";
}
/**
 * Something went wrong; the execution may go on.
 */
export interface Error {
  executionId: string;
  type: "claude:error";
  error: string;
}
/**
 * What happened since the message before, in order: one message for any number of events.
 */
export interface Events {
  type: "claude:events";
  /**
   * From 1, by one for each of the widget. A page that meets a gap says hello.
   */
  sequence: number;
  events: (Started | Error | Complete | Changed | Removed)[];
}
/**
 * Its CLI runs.
 */
export interface Started {
  executionId: string;
  type: "claude:started";
  pid: number | null;
}
/**
 * It was cleaned up.
 */
export interface Removed {
  executionId: string;
  type: "claude:removed";
}
/**
 * Start an execution.
 */
export interface Execute {
  requestId: string;
  type: "claude:execute";
  query: string;
  projectPath?: string;
  sessionId?: string | null;
  forkSession?: boolean;
  /**
   * A file's path, or JSON text.
   */
  mcpConfig?: string | null;
  model?: string | null;
  name?: string | null;
  effort?: ("low" | "medium" | "high" | "xhigh" | "max") | null;
  permissionMode?:
    ("default" | "acceptEdits" | "plan" | "bypassPermissions" | "dontAsk" | "auto") | null;
}
export interface ExecuteAnswer {
  requestId: string;
  type: "claude:execute";
  executionId: string;
}
export interface ExecutionAnswer {
  requestId: string;
  type: "claude:get-execution";
  execution: ExecutionRow;
}
/**
 * One execution as the list shows it; bounded in size, whatever the agent wrote.
 */
export interface ExecutionRow {
  executionId: string;
  name: string | null;
  /**
   * The first 300 characters.
   */
  query: string;
  projectPath: string;
  /**
   * Where an execution is. The last three are final.
   */
  status: "pending" | "running" | "completed" | "failed" | "killed";
  reason: Reason | null;
  sessionId: string | null;
  model: string | null;
  activity: string;
  permissionMode: string | null;
  priority: number;
  /**
   * Epoch seconds, the kernel's clock.
   */
  createdTime: number | null;
  startTime: number | null;
  endTime: number | null;
  costUsd: number | null;
  numTurns: number | null;
  toolCount: number;
  denialCount: number;
  /**
   * The last error, at most 300 characters.
   */
  error: string | null;
  recorded: boolean;
  /**
   * Pending, and the kernel that would start it is gone.
   */
  held: boolean;
}
export interface ExecutionsAnswer {
  requestId: string;
  type: "claude:get-all-executions" | "claude:get-active-executions";
  executions: ExecutionRow[];
}
export interface GetActiveExecutions {
  requestId: string;
  type: "claude:get-active-executions";
}
export interface GetAllExecutions {
  requestId: string;
  type: "claude:get-all-executions";
}
export interface GetExecution {
  requestId: string;
  type: "claude:get-execution";
  executionId: string;
}
/**
 * The earlier sessions of a project, newest first.
 */
export interface GetSessions {
  requestId: string;
  type: "claude:get-sessions";
  projectPath?: string;
}
/**
 * A page (re)connects.
 */
export interface Hello {
  requestId: string;
  type: "claude:hello";
}
/**
 * All a page needs to draw the true state at once.
 */
export interface Welcome {
  requestId: string;
  type: "claude:welcome";
  protocolVersion: number;
  managerId: string;
  backend: "local" | "replay";
  /**
   * Said plainly above the list, such as that this is a demo.
   */
  notice: string;
  /**
   * Epoch seconds of the kernel's clock, to correct the page's.
   */
  now: number;
  projectPath: string;
  /**
   * Suggestions; any other text may be typed.
   */
  models: string[];
  maxConcurrency: number;
  /**
   * Of the last `claude:events` that these rows include.
   */
  sequence: number;
  /**
   * What a replay has recordings of.
   */
  suggestedQueries: string[];
  executions: ExecutionRow[];
}
export interface Pong {
  requestId: string;
  type: "claude:pong";
  now: number;
  /**
   * Of the last `claude:events` that this widget has sent.
   */
  sequence: number;
  /**
   * Those of the page's panes that are not open here: to be opened again.
   */
  closedPanes: string[];
}
export interface SessionsAnswer {
  requestId: string;
  type: "claude:get-sessions";
  sessions: SessionRow[];
}
/**
 * An earlier session of a project, from the CLI's session files.
 */
export interface SessionRow {
  sessionId: string;
  /**
   * At most 120 characters.
   */
  firstPrompt: string;
  /**
   * Epoch seconds.
   */
  modifiedTime: number;
  sizeBytes: number;
}
/**
 * The request was not carried out; nothing changed.
 */
export interface Refused {
  requestId: string;
  type: "claude:refused";
  /**
   * The error's class name.
   */
  kind: string;
  message: string;
  hint: string;
  executionId: string | null;
}
/**
 * Bytes of an execution's transcript for one pane: one binary buffer follows.
 *
 * The buffer is bytes `offset` to `nextOffset` of the transcript, and may end within a record.
 */
export interface PaneData {
  executionId: string;
  type: "claude:pane-data";
  paneId: string;
  offset: number;
  nextOffset: number;
  /**
   * The transcript will not grow past nextOffset.
   */
  ended: boolean;
}
export interface KillExecution {
  requestId: string;
  type: "claude:kill-execution";
  executionId: string;
}
/**
 * Send an execution's transcript from that byte on, as it grows.
 *
 * A pane that meets a gap (an `offset` other than the `nextOffset` before it) opens itself again
 * from the byte that it has.
 */
export interface OpenPane {
  requestId: string;
  type: "claude:open-pane";
  paneId: string;
  executionId: string;
  offset?: number;
}
/**
 * Heartbeat: is the kernel there, and does it listen?
 */
export interface Ping {
  requestId: string;
  type: "claude:ping";
  /**
   * Panes this page has open.
   *
   * @maxItems 100
   */
  paneIds?: string[];
}
