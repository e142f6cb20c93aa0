/**
 * The messages between kernel and page. Generated from claude_widget/protocol/ by `npm run types`:
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
  | PartAnswer
  | Welcome
  | Pong
  | ExecuteAnswer
  | ExecutionAnswer
  | ExecutionsAnswer
  | SessionsAnswer
  | HistoryAnswer
  | PromptSent
  | RerunAnswer
  | MCPStatusAnswer
  | MCPConfigsAnswer
  | ToolCallsAnswer
  | SpendingAnswer
  | Done
  | Refused
  | Events
  | PaneData;
export type PageMessage =
  | Bundle
  | GetPart
  | Hello
  | Ping
  | Execute
  | GetExecution
  | GetAllExecutions
  | GetActiveExecutions
  | KillExecution
  | CleanupExecution
  | GetSessions
  | SearchHistory
  | PinExecution
  | DeleteExecution
  | OpenPane
  | ClosePane
  | SendPrompt
  | InterruptExecution
  | EndExecution
  | RerunExecution
  | AnswerRequest
  | ChangeSession
  | StopTask
  | GetMCPStatus
  | ReconnectMCPServer
  | GetMCPConfigs
  | GetToolCalls
  | GetSpending;

/**
 * The call may be made.
 */
export interface Allow {
  behavior: "allow";
  /**
   * The input to use instead; answers to questions go here.
   */
  updatedInput: {
    [k: string]: unknown;
  } | null;
  /**
   * Of the CLI's own suggestions, those that the user accepts for good.
   */
  updatedPermissions: {
    [k: string]: unknown;
  }[];
}
/**
 * Decide on what an execution asks. The first answer counts; a later one is refused.
 */
export interface AnswerRequest {
  requestId: string;
  type: "claude:answer-request";
  executionId: string;
  /**
   * `request_id` of the CLI's own request.
   */
  controlId: string;
  decision: Allow | Deny;
}
/**
 * The call may not be made.
 */
export interface Deny {
  behavior: "deny";
  /**
   * What the agent is told.
   */
  message: string;
  /**
   * Stop the turn as well.
   */
  interrupt: boolean;
}
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
 * Change the model, effort or permission mode of a running execution.
 */
export interface ChangeSession {
  requestId: string;
  type: "claude:change-session";
  executionId: string;
  model?: string | null;
  effort?: ("low" | "medium" | "high" | "xhigh" | "max") | null;
  permissionMode?:
    ("default" | "acceptEdits" | "plan" | "bypassPermissions" | "dontAsk" | "auto") | null;
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
 * Remove an execution of the history for good, with its transcript.
 */
export interface DeleteExecution {
  requestId: string;
  type: "claude:delete-execution";
  executionId: string;
}
/**
 * The request was carried out and has nothing to say.
 */
export interface Done {
  requestId: string;
  type: "claude:done";
}
/**
 * End one that stays open for follow-ups, once its turn is over.
 */
export interface EndExecution {
  requestId: string;
  type: "claude:end-execution";
  executionId: string;
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
  /**
   * Stay for follow-ups after the turn has ended.
   */
  keepOpen?: boolean;
  /**
   * Of the project's MCP file whose commands the user has confirmed.
   */
  confirmedDigest?: string | null;
  /**
   * Digest of what the project's settings would do, as the user has confirmed it.
   */
  confirmedSettings?: string | null;
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
  /**
   * Played from a recording: nothing ran.
   */
  recorded: boolean;
  /**
   * Epoch seconds of that recording.
   */
  recordedTime: number | null;
  /**
   * What made it asks for something else by now: its key has changed.
   */
  stale: boolean;
  /**
   * Pending, and the kernel that would start it is gone.
   */
  held: boolean;
  effort: ("low" | "medium" | "high" | "xhigh" | "max") | null;
  /**
   * Open requests: permissions, questions and plans that wait for the user.
   */
  requestCount: number;
  /**
   * Its turn is over, and it was asked to stay for follow-ups.
   */
  awaitsInput: boolean;
  /**
   * Background tasks and subagents that are alive.
   */
  taskCount: number;
  /**
   * The execution before it in the same session, if it is known here.
   */
  continues: string | null;
  /**
   * Of one core, now, with all that it started.
   */
  cpuPercent: number | null;
  /**
   * Resident memory of them all: now, and the most once it has ended.
   */
  memoryBytes: number | null;
  /**
   * Of them all, once it has ended.
   */
  cpuSeconds: number | null;
}
export interface ExecutionCalls {
  executionId: string;
  /**
   * In the order in which they began; the longest 300 if there are more.
   */
  calls: ToolSpan[];
  /**
   * How many more there are.
   */
  leftOut: number;
}
/**
 * A call of a tool, from the call to its result; moments are epoch seconds.
 */
export interface ToolSpan {
  /**
   * At most 60 characters.
   */
  name: string;
  /**
   * What it was about, at most 100 characters.
   */
  subject: string;
  startTime: number;
  endTime: number | null;
  isError: boolean;
  /**
   * A subagent made it.
   */
  nested: boolean;
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
 * The MCP configurations of a project and of the user.
 */
export interface GetMCPConfigs {
  requestId: string;
  type: "claude:get-mcp-configs";
  projectPath?: string;
}
/**
 * How the MCP servers of a running execution are.
 */
export interface GetMCPStatus {
  requestId: string;
  type: "claude:get-mcp-status";
  executionId: string;
}
/**
 * The page needs a part of the front end, and does not have it yet.
 */
export interface GetPart {
  requestId: string;
  type: "claude:get-part";
  name: "highlighter" | "panels";
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
 * What executions cost, by day.
 */
export interface GetSpending {
  requestId: string;
  type: "claude:get-spending";
  /**
   * How many, up to today.
   */
  days?: number;
}
/**
 * When executions called their tools.
 */
export interface GetToolCalls {
  requestId: string;
  type: "claude:get-tool-calls";
  /**
   * @maxItems 100
   */
  executionIds?: string[];
}
/**
 * A page (re)connects.
 */
export interface Hello {
  requestId: string;
  type: "claude:hello";
}
/**
 * Some of what was found in the history; nothing of it is read from a transcript.
 */
export interface HistoryAnswer {
  requestId: string;
  type: "claude:search-history";
  found: HistoryRow[];
  /**
   * Of all that is found; only with the first ones.
   */
  total: number | null;
  /**
   * `before` of the next ones, if there are any.
   */
  following: number | null;
  /**
   * Of the whole history; with the first ones.
   */
  models: string[];
  /**
   * What was wrong with the index, in words.
   */
  notes: string[];
}
/**
 * One execution of the history, whoever has started it.
 */
export interface HistoryRow {
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
  /**
   * Played from a recording: nothing ran.
   */
  recorded: boolean;
  /**
   * Epoch seconds of that recording.
   */
  recordedTime: number | null;
  /**
   * What made it asks for something else by now: its key has changed.
   */
  stale: boolean;
  /**
   * Pending, and the kernel that would start it is gone.
   */
  held: boolean;
  effort: ("low" | "medium" | "high" | "xhigh" | "max") | null;
  /**
   * Open requests: permissions, questions and plans that wait for the user.
   */
  requestCount: number;
  /**
   * Its turn is over, and it was asked to stay for follow-ups.
   */
  awaitsInput: boolean;
  /**
   * Background tasks and subagents that are alive.
   */
  taskCount: number;
  /**
   * The execution before it in the same session, if it is known here.
   */
  continues: string | null;
  /**
   * Of one core, now, with all that it started.
   */
  cpuPercent: number | null;
  /**
   * Resident memory of them all: now, and the most once it has ended.
   */
  memoryBytes: number | null;
  /**
   * Of them all, once it has ended.
   */
  cpuSeconds: number | null;
  /**
   * Retention keeps it.
   */
  pinned: boolean;
}
/**
 * Stop the turn, keep the session.
 */
export interface InterruptExecution {
  requestId: string;
  type: "claude:interrupt-execution";
  executionId: string;
}
/**
 * One binary buffer follows: the part's JavaScript.
 */
export interface PartAnswer {
  requestId: string;
  type: "claude:get-part";
  name: "highlighter" | "panels";
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
   * As a CLI has told; empty until one has. Any other text may be typed.
   */
  models: ModelChoice[];
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
/**
 * A model that the CLI offers, as its answer to `initialize` says.
 */
export interface ModelChoice {
  /**
   * What --model takes.
   */
  value: string;
  name: string;
  description: string;
  /**
   * Effort levels that it takes.
   */
  efforts: ("low" | "medium" | "high" | "xhigh" | "max")[];
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
 * The follow-up is on its way, in the execution of that id: the same one, or a new one.
 */
export interface PromptSent {
  requestId: string;
  type: "claude:send-prompt";
  executionId: string;
}
export interface RerunAnswer {
  requestId: string;
  type: "claude:rerun-execution";
  executionId: string;
}
export interface MCPStatusAnswer {
  requestId: string;
  type: "claude:get-mcp-status";
  servers: MCPServer[];
}
/**
 * An MCP server's name and the status that the CLI reports; never its command or secrets.
 */
export interface MCPServer {
  name: string;
  status: string;
}
export interface MCPConfigsAnswer {
  requestId: string;
  type: "claude:get-mcp-configs";
  configs: MCPConfigChoice[];
}
/**
 * A file with MCP servers that was found for a project.
 */
export interface MCPConfigChoice {
  path: string;
  /**
   * "settings": all that a project brings, whose folder `path` is.
   */
  scope: "project" | "user" | "settings";
  /**
   * Of the file's content: what the user confirms is what runs.
   */
  digest: string;
  servers: MCPServerChoice[];
  /**
   * Why it cannot be used; empty if it can.
   */
  problem: string;
}
/**
 * A server of an MCP configuration.
 */
export interface MCPServerChoice {
  name: string;
  /**
   * The command that it starts, or the address that it calls.
   */
  runs: string;
}
/**
 * Of the executions that were asked for, as many as one answer holds, in the same order.
 *
 * The rest is to be asked for again; one that cannot be read has no calls.
 */
export interface ToolCallsAnswer {
  requestId: string;
  type: "claude:get-tool-calls";
  found: ExecutionCalls[];
}
/**
 * Days without an execution are left out.
 */
export interface SpendingAnswer {
  requestId: string;
  type: "claude:get-spending";
  today: string;
  days: SpendingDay[];
}
/**
 * Sums over the executions that were asked for on a day.
 */
export interface SpendingDay {
  /**
   * Such as 2026-01-31, local time of the kernel.
   */
  day: string;
  executions: number;
  costUsd: number;
  /**
   * What was only played had cost so much.
   */
  recordedCostUsd: number;
  /**
   * Those of the cache as well.
   */
  inputTokens: number;
  outputTokens: number;
  /**
   * Of both kinds, that what was played had used.
   */
  recordedTokens: number;
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
  /**
   * With ConfirmationNeeded: the file whose servers the user is to confirm.
   */
  mcpConfig: MCPConfigChoice | null;
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
  /**
   * Negative: so many bytes before the end, if there are.
   */
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
/**
 * What has ended, newest first: of all projects, from this kernel or another.
 */
export interface SearchHistory {
  requestId: string;
  type: "claude:search-history";
  /**
   * Words; nothing in it is syntax.
   */
  text?: string;
  status?: ("completed" | "failed" | "killed") | null;
  /**
   * A part of its name.
   */
  model?: string | null;
  /**
   * A folder; those below it count as well.
   */
  projectPath?: string | null;
  /**
   * Epoch seconds, the kernel's clock.
   */
  since?: number | null;
  /**
   * `following` of the page before.
   */
  before?: number | null;
  limit?: number;
}
/**
 * Have retention keep an execution, or no longer.
 */
export interface PinExecution {
  requestId: string;
  type: "claude:pin-execution";
  executionId: string;
  pinned: boolean;
}
/**
 * A follow-up: queued by the CLI while it runs, else resumed in a new execution.
 */
export interface SendPrompt {
  requestId: string;
  type: "claude:send-prompt";
  executionId: string;
  query: string;
  /**
   * Go on in a new session, and leave this one as it is.
   */
  fork?: boolean;
}
/**
 * Start another one with the same request; an ended or running one alike.
 */
export interface RerunExecution {
  requestId: string;
  type: "claude:rerun-execution";
  executionId: string;
}
/**
 * Stop a background task or subagent of a running execution.
 */
export interface StopTask {
  requestId: string;
  type: "claude:stop-task";
  executionId: string;
  taskId: string;
}
/**
 * Have a running execution connect one of its MCP servers again.
 */
export interface ReconnectMCPServer {
  requestId: string;
  type: "claude:reconnect-mcp-server";
  executionId: string;
  server: string;
}
