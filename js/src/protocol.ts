/**
 * The messages between kernel and page. Generated from claude_widget/protocol/ by `npm run types`:
 * do not edit; `npm run check:types` fails when the two differ.
 */

export const PROTOCOL_VERSION = 1;
export const MAX_PAGE_MESSAGE = 8388608;
export const MAX_BATCH = 262144;
export const MOST_ESTIMATED = 200;

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
  | BatchRowsAnswer
  | DiffAnswer
  | WorktreeSettled
  | Promoted
  | EstimateAnswer
  | TemplatesAnswer
  | PreviewAnswer
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
  | GetSpending
  | ChangeQueue
  | GetBatchRows
  | KillBatch
  | RetryBatch
  | ResumeBatch
  | GetDiff
  | SettleWorktree
  | PromoteExecution
  | GetEstimate
  | GetTemplates
  | PreviewTemplate;

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
 * Rows that did not complete for one reason, with one of them as an example.
 */
export interface BatchFailure {
  status: ExecutionStatus;
  reason: Reason;
  /**
   * How many there are.
   */
  rows: number;
  /**
   * Of the example, from 0.
   */
  row: number;
  executionId: string | null;
  /**
   * What the example said, at most 300 characters.
   */
  error: string;
}
/**
 * How far a batch is: a trait of its view, so that a page always has the latest.
 */
export interface BatchProgress {
  batchId: string;
  /**
   * Another one once rows of its table may be others.
   */
  revision: number;
  /**
   * At most 100 characters.
   */
  name: string | null;
  /**
   * None while nobody knows.
   */
  total: number | null;
  /**
   * How many rows the table has by now.
   */
  known: number;
  pending: number;
  running: number;
  completed: number;
  failed: number;
  killed: number;
  /**
   * Rows that ask for an answer.
   */
  asking: number;
  /**
   * Of their executions, the longest waiting first; at most 20.
   */
  askingIds: string[];
  /**
   * Estimated by list prices.
   */
  costUsd: number;
  /**
   * What was only played had cost so much.
   */
  recordedCostUsd: number;
  budgetUsd: number | null;
  /**
   * As it began, of all rows or, where nobody knows how many, of one.
   */
  estimate: CostEstimate | null;
  /**
   * The most frequent first.
   */
  failures: BatchFailure[];
  /**
   * Seconds; four of five lie between this
   */
  etaLow: number | null;
  /**
   * and this. None where nobody can tell.
   */
  etaHigh: number | null;
  /**
   * As of when: epoch seconds, the kernel's clock.
   */
  etaTime: number | null;
  /**
   * Of the estimate, or why there is none.
   */
  basis: string;
  /**
   * Why no more rows are started.
   */
  stopped: string;
  /**
   * Nothing is started for now; `basis` says why.
   */
  paused: boolean;
  /**
   * Rows wait, and whoever started them is gone.
   */
  left: boolean;
  ended: boolean;
}
/**
 * What a number of executions is likely to cost.
 */
export interface CostEstimate {
  /**
   * How many there are.
   */
  executions: number;
  /**
   * None, as the next two, if nothing is known.
   */
  lowUsd: number | null;
  medianUsd: number | null;
  highUsd: number | null;
  /**
   * What it rests on, or why there is none.
   */
  basis: string;
}
/**
 * One row of the table.
 */
export interface BatchRow {
  /**
   * Its number, from 0.
   */
  row: number;
  /**
   * What the input's index calls it.
   */
  label: string | null;
  /**
   * Of the first columns of the input.
   */
  cells: string[];
  status: ExecutionStatus;
  reason: Reason | null;
  /**
   * How it begins, or what went wrong.
   */
  result: string;
  costUsd: number | null;
  /**
   * Seconds.
   */
  duration: number | null;
  attempts: number;
  /**
   * How many wait for an answer.
   */
  requests: number;
  /**
   * Of its latest attempt.
   */
  executionId: string | null;
}
/**
 * As many of the rows as one answer holds, in order; the rest is to be asked for again.
 */
export interface BatchRowsAnswer {
  requestId: string;
  type: "claude:get-batch-rows";
  batchId: string;
  offset: number;
  /**
   * How many there are of what was asked for.
   */
  total: number;
  /**
   * The names of the cells, at most three.
   */
  columns: string[];
  rows: BatchRow[];
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
 * Change which executions are started, and when.
 */
export interface ChangeQueue {
  requestId: string;
  type: "claude:change-queue";
  action:
    | "pause"
    | "resume"
    | "hold"
    | "release"
    | "front"
    | "back"
    | "before"
    | "priority"
    | "cancel-pending"
    | "kill-all";
  /**
   * Of hold, release, front, back, before and priority.
   */
  executionId?: string | null;
  /**
   * In front of which it is put.
   */
  before?: string | null;
  priority?: number | null;
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
 * What is in a worktree, or what became of it; of a replay, what was recorded.
 */
export interface DiffAnswer {
  requestId: string;
  type: "claude:get-diff";
  /**
   * "applied": to the project, and the worktree is still there; "clean": nothing has changed; "kept": on its branch; "removed": by somebody else.
   */
  state: "clean" | "changed" | "applied" | "kept" | "discarded" | "removed";
  branch: string;
  /**
   * The commit that it was made from.
   */
  base: string;
  /**
   * Its work tree, while it is there.
   */
  path: string;
  /**
   * Epoch seconds, the kernel's clock.
   */
  appliedTime: number | null;
  /**
   * By path; the first if they are many.
   */
  files: DiffFile[];
  /**
   * How many there are.
   */
  fileCount: number;
  /**
   * Lines, of all of them.
   */
  added: number;
  removed: number;
  /**
   * How many the agent has made.
   */
  commits: number;
  /**
   * A unified diff, as git writes it.
   */
  text: string;
  /**
   * The text ends before the diff does.
   */
  truncated: boolean;
  /**
   * What a person should know of it.
   */
  notes: string[];
  /**
   * It was replayed: there is no worktree and branch.
   */
  recorded: boolean;
  /**
   * Of what was recorded: it can be applied.
   */
  mayApply: boolean;
}
/**
 * A file that has changed.
 */
export interface DiffFile {
  /**
   * Below the top of the repository.
   */
  path: string;
  kind: "added" | "changed" | "deleted";
  /**
   * How many lines are new.
   */
  added: number;
  /**
   * How many are gone.
   */
  removed: number;
  /**
   * Why its lines are not told, such as that it is no text.
   */
  note: string;
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
export interface EstimateAnswer {
  requestId: string;
  type: "claude:get-estimate";
  estimate: CostEstimate;
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
  events: (Started | Error | Complete | Changed | Removed | QueueChanged)[];
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
 * The queue is in another state.
 */
export interface QueueChanged {
  type: "claude:queue";
  state: QueueState;
}
/**
 * The queue of one manager at one moment.
 */
export interface QueueState {
  pause: QueuePause | null;
  /**
   * How many may run at once now.
   */
  slots: number;
  /**
   * How many of them are taken.
   */
  taken: number;
  /**
   * How many wait for their start, those on hold included.
   */
  waiting: number;
  /**
   * How many wait until somebody releases them.
   */
  onHold: number;
  /**
   * What the user should know of these starts, newest last; a few, short.
   */
  notices: string[];
}
/**
 * Why nothing is started, or nothing of some models.
 */
export interface QueuePause {
  kind: "user" | "rate_limit" | "overload" | "authentication";
  /**
   * Epoch seconds, the kernel's clock; None until somebody resumes.
   */
  until: number | null;
  /**
   * What was heard of the API, at most 500 characters.
   */
  said: string;
  whatToDo: string;
  /**
   * Who has heard it.
   */
  executionId: string | null;
  /**
   * Of the models that it holds for, such as opus; empty: it holds for all.
   */
  families: string[];
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
  /**
   * Ids of executions that must complete first.
   *
   * @maxItems 100
   */
  after?: string[];
  /**
   * Id of the one whose session it goes on with, once ended.
   */
  continues?: string | null;
  /**
   * Name of the template that is the query, in its place.
   */
  template?: string | null;
  /**
   * Of the template.
   */
  variables?: {
    [k: string]: unknown;
  } | null;
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
   * Its place in the queue among those of its priority, lower first.
   */
  queueRank: number | null;
  /**
   * Epoch seconds, the kernel's clock.
   */
  createdTime: number | null;
  startTime: number | null;
  endTime: number | null;
  costUsd: number | null;
  /**
   * What is over its budget, or one that covers it, in words.
   */
  overBudget: string | null;
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
  /**
   * Pending, and not started until it is released.
   */
  onHold: boolean;
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
   * Ids of those that it comes after, at most 20; None if there are none.
   */
  after: string[] | null;
  /**
   * How many there are, where it is more.
   */
  afterCount: number | null;
  batchId: string | null;
  /**
   * Which attempt it is, where it is no first one.
   */
  attempt: number | null;
  /**
   * The first attempt, where it is a later one.
   */
  attemptOf: string | null;
  /**
   * Of the git worktree that it works in.
   */
  branch: string | null;
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
/**
 * Some rows of its table.
 */
export interface GetBatchRows {
  requestId: string;
  type: "claude:get-batch-rows";
  batchId: string;
  /**
   * How many of those that are asked for come before.
   */
  offset?: number;
  limit?: number;
  /**
   * Those that were killed count as failed; "needs" are those that ask for an answer.
   */
  filter?: "all" | "needs" | "pending" | "running" | "completed" | "failed";
  /**
   * Only those that ended for it.
   */
  reason?: Reason | null;
  sort?: "row" | "status" | "cost" | "duration";
  descending?: boolean;
}
/**
 * What an execution has changed in its worktree so far, or when it was recorded.
 */
export interface GetDiff {
  requestId: string;
  type: "claude:get-diff";
  executionId: string;
}
/**
 * What these are likely to cost together.
 */
export interface GetEstimate {
  requestId: string;
  type: "claude:get-estimate";
  /**
   * @minItems 1
   * @maxItems 200
   */
  executions: ToEstimate[];
}
/**
 * One execution that may be started.
 */
export interface ToEstimate {
  query: string;
  /**
   * Its name, in the query's place.
   */
  template: string | null;
  projectPath: string;
  model: string | null;
  effort: ("low" | "medium" | "high" | "xhigh" | "max") | null;
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
 * The templates of a project and of the user.
 */
export interface GetTemplates {
  requestId: string;
  type: "claude:get-templates";
  projectPath?: string;
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
   * Its place in the queue among those of its priority, lower first.
   */
  queueRank: number | null;
  /**
   * Epoch seconds, the kernel's clock.
   */
  createdTime: number | null;
  startTime: number | null;
  endTime: number | null;
  costUsd: number | null;
  /**
   * What is over its budget, or one that covers it, in words.
   */
  overBudget: string | null;
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
  /**
   * Pending, and not started until it is released.
   */
  onHold: boolean;
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
   * Ids of those that it comes after, at most 20; None if there are none.
   */
  after: string[] | null;
  /**
   * How many there are, where it is more.
   */
  afterCount: number | null;
  batchId: string | null;
  /**
   * Which attempt it is, where it is no first one.
   */
  attempt: number | null;
  /**
   * The first attempt, where it is a later one.
   */
  attemptOf: string | null;
  /**
   * Of the git worktree that it works in.
   */
  branch: string | null;
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
  queue: QueueState | null;
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
 * It was done, all of it.
 */
export interface WorktreeSettled {
  requestId: string;
  type: "claude:settle-worktree";
  action: "apply" | "keep-branch" | "discard";
  branch: string;
  /**
   * Of apply: how many files the changes are in.
   */
  fileCount: number;
}
/**
 * It was done, all of it.
 */
export interface Promoted {
  requestId: string;
  type: "claude:promote-execution";
  /**
   * How many files the changes are in.
   */
  fileCount: number;
}
export interface TemplatesAnswer {
  requestId: string;
  type: "claude:get-templates";
  templates: TemplateChoice[];
  /**
   * How many there are beside those.
   */
  more: number;
}
/**
 * A template that can be started, or a file that is none, with its problem.
 */
export interface TemplateChoice {
  name: string;
  scope: "project" | "user";
  path: string;
  description: string;
  variables: TemplateVariable[];
  /**
   * Names of the options that it brings.
   */
  options: string[];
  problem: string;
}
/**
 * A name that a template wants to know.
 */
export interface TemplateVariable {
  name: string;
  type: "any" | "str" | "int" | "float" | "bool" | "list" | "dict" | "date";
  required: boolean;
  /**
   * As a text that its type can read; empty if it has none.
   */
  default: string;
  description: string;
  /**
   * What it may be, as such texts.
   */
  enum: string[];
}
/**
 * The filled prompt, or what is wrong.
 */
export interface PreviewAnswer {
  requestId: string;
  type: "claude:preview-template";
  query: string;
  truncated: boolean;
  problems: VariableWrong[];
}
/**
 * What is wrong with the value of one variable.
 */
export interface VariableWrong {
  /**
   * Empty where it is the prompt that does not fill.
   */
  name: string;
  problem: string;
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
/**
 * End what runs of it and start no more of its rows.
 */
export interface KillBatch {
  requestId: string;
  type: "claude:kill-batch";
  batchId: string;
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
/**
 * Start the rows that failed once more.
 */
export interface RetryBatch {
  requestId: string;
  type: "claude:retry-batch";
  batchId: string;
  /**
   * Also those that were killed.
   */
  killed?: boolean;
}
/**
 * Go on with rows that an earlier kernel has left, or that were stopped.
 */
export interface ResumeBatch {
  requestId: string;
  type: "claude:resume-batch";
  batchId: string;
}
/**
 * Apply the changes of a worktree, keep them on their branch, or discard them unasked.
 */
export interface SettleWorktree {
  requestId: string;
  type: "claude:settle-worktree";
  executionId: string;
  action: "apply" | "keep-branch" | "discard";
}
/**
 * Apply the changes of one execution of a comparison to the project: all of them, or none.
 */
export interface PromoteExecution {
  requestId: string;
  type: "claude:promote-execution";
  comparisonId: string;
  executionId: string;
}
/**
 * What a template's prompt is with such values; nothing is started.
 */
export interface PreviewTemplate {
  requestId: string;
  type: "claude:preview-template";
  name: string;
  projectPath?: string;
  variables?: {
    [k: string]: unknown;
  };
}
/**
 * How far a pipeline is: a trait of its view, so that a page always has the latest.
 */
export interface PipelineProgress {
  /**
   * How many steps it has.
   */
  total: number;
  pending: number;
  running: number;
  completed: number;
  failed: number;
  killed: number;
  /**
   * Steps that ask for an answer.
   */
  asking: number;
  /**
   * Estimated by list prices; nothing for replays.
   */
  costUsd: number;
  /**
   * The first ones, as they were given.
   */
  steps: PipelineStep[];
  ended: boolean;
}
/**
 * One step, as its latest attempt stands.
 */
export interface PipelineStep {
  /**
   * At most 60 characters.
   */
  name: string;
  executionId: string;
  status: ExecutionStatus;
  reason: Reason | null;
  /**
   * It asks for an answer.
   */
  asks: boolean;
  /**
   * Places of the steps that come first, from 0.
   */
  needs: number[];
  /**
   * How many more come first that are not told.
   */
  leftOut: number;
}
/**
 * What can be promoted of a comparison: a trait of its view, so that a page has the latest.
 */
export interface Promotion {
  comparisonId: string;
  /**
   * How many have not ended, or are being scored.
   */
  waiting: number;
  /**
   * The best first.
   */
  choices: PromotionChoice[];
  promotedId: string | null;
}
/**
 * An execution that has changed files.
 */
export interface PromotionChoice {
  executionId: string;
  /**
   * Such as its model, at most 60 characters.
   */
  label: string;
  status: ExecutionStatus;
  /**
   * By its score, from 1.
   */
  rank: number | null;
  /**
   * A number; empty if it has none.
   */
  score: string;
  fileCount: number;
  /**
   * Lines that are new.
   */
  added: number;
  removed: number;
}
