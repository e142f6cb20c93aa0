"""The messages between kernel and page: the one source of their shapes.

The rule: every message that crosses the comm is one of these models, in both directions; the page's
TypeScript types are generated from this package (`js/src/protocol.ts`) and a test fails when the
two drift apart. Nothing here knows how messages are sent, paced or drawn. State is
level-triggered: a page that (re)connects says `claude:hello` and gets a snapshot, then changes.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from claude_widget.protocol.answers import (
    BundleAnswer,
    Done,
    ExecuteAnswer,
    ExecutionAnswer,
    ExecutionsAnswer,
    HistoryAnswer,
    MCPConfigsAnswer,
    MCPStatusAnswer,
    PartAnswer,
    Pong,
    PromptSent,
    Refused,
    RerunAnswer,
    SessionsAnswer,
    Welcome,
)
from claude_widget.protocol.base import (
    LATER,
    MAX_BATCH,
    MAX_PAGE_MESSAGE,
    PROTOCOL_VERSION,
    Answer,
    Event,
    Message,
    Request,
)
from claude_widget.protocol.batches import (
    MOST_ASKING,
    MOST_BATCH_ROWS,
    BatchFailure,
    BatchFilter,
    BatchProgress,
    BatchRow,
    BatchRowsAnswer,
    BatchSort,
    GetBatchRows,
    KillBatch,
    ResumeBatch,
    RetryBatch,
)
from claude_widget.protocol.charts import (
    MOST_SPANS,
    ExecutionCalls,
    GetSpending,
    GetToolCalls,
    SpendingAnswer,
    SpendingDay,
    ToolCallsAnswer,
    ToolSpan,
)
from claude_widget.protocol.comparisons import (
    Promoted,
    PromoteExecution,
    Promotion,
    PromotionChoice,
)
from claude_widget.protocol.estimates import (
    MOST_ESTIMATED,
    CostEstimate,
    EstimateAnswer,
    GetEstimate,
    ToEstimate,
)
from claude_widget.protocol.events import (
    Changed,
    Complete,
    Error,
    Events,
    PageEvent,
    PaneData,
    Removed,
    Started,
    Stream,
)
from claude_widget.protocol.pipelines import MOST_STEPS, PipelineProgress, PipelineStep
from claude_widget.protocol.queue import ChangeQueue, QueueChanged, QueuePause, QueueState
from claude_widget.protocol.requests import (
    PAGE_MESSAGE,
    Allow,
    AnswerRequest,
    Bundle,
    ChangeSession,
    CleanupExecution,
    ClosePane,
    DeleteExecution,
    Deny,
    EndExecution,
    Execute,
    GetActiveExecutions,
    GetAllExecutions,
    GetExecution,
    GetMCPConfigs,
    GetMCPStatus,
    GetPart,
    GetSessions,
    Hello,
    InterruptExecution,
    KillExecution,
    OpenPane,
    PageMessage,
    PinExecution,
    Ping,
    ReconnectMCPServer,
    RerunExecution,
    SearchHistory,
    SendPrompt,
    StopTask,
)
from claude_widget.protocol.rows import (
    ExecutionRow,
    HistoryRow,
    MCPConfigChoice,
    MCPServerChoice,
    ModelChoice,
    SessionRow,
)
from claude_widget.protocol.templates import (
    GetTemplates,
    PreviewAnswer,
    PreviewTemplate,
    TemplateChoice,
    TemplatesAnswer,
    TemplateVariable,
    VariableWrong,
)
from claude_widget.protocol.worktrees import (
    DiffAnswer,
    DiffFile,
    GetDiff,
    SettleAction,
    SettleWorktree,
    WorktreeSettled,
    WorktreeState,
)

KernelMessage = Annotated[
    BundleAnswer
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
    | PaneData,
    Field(discriminator="type"),
]
KERNEL_MESSAGE: TypeAdapter[KernelMessage] = TypeAdapter(KernelMessage, config=LATER)

Notification = Started | Stream | Error | Complete
"""What a subscriber of `ProcessManager.subscribe` gets."""

__all__ = [
    "KERNEL_MESSAGE",
    "MAX_BATCH",
    "MAX_PAGE_MESSAGE",
    "MOST_ASKING",
    "MOST_BATCH_ROWS",
    "MOST_ESTIMATED",
    "MOST_SPANS",
    "MOST_STEPS",
    "PAGE_MESSAGE",
    "PROTOCOL_VERSION",
    "Allow",
    "Answer",
    "AnswerRequest",
    "BatchFailure",
    "BatchFilter",
    "BatchProgress",
    "BatchRow",
    "BatchRowsAnswer",
    "BatchSort",
    "Bundle",
    "BundleAnswer",
    "ChangeQueue",
    "ChangeSession",
    "Changed",
    "CleanupExecution",
    "ClosePane",
    "Complete",
    "CostEstimate",
    "DeleteExecution",
    "Deny",
    "DiffAnswer",
    "DiffFile",
    "Done",
    "EndExecution",
    "Error",
    "EstimateAnswer",
    "Event",
    "Events",
    "Execute",
    "ExecuteAnswer",
    "ExecutionAnswer",
    "ExecutionCalls",
    "ExecutionRow",
    "ExecutionsAnswer",
    "GetActiveExecutions",
    "GetAllExecutions",
    "GetBatchRows",
    "GetDiff",
    "GetEstimate",
    "GetExecution",
    "GetMCPConfigs",
    "GetMCPStatus",
    "GetPart",
    "GetSessions",
    "GetSpending",
    "GetTemplates",
    "GetToolCalls",
    "Hello",
    "HistoryAnswer",
    "HistoryRow",
    "InterruptExecution",
    "KernelMessage",
    "KillBatch",
    "KillExecution",
    "MCPConfigChoice",
    "MCPConfigsAnswer",
    "MCPServerChoice",
    "MCPStatusAnswer",
    "Message",
    "ModelChoice",
    "Notification",
    "OpenPane",
    "PageEvent",
    "PageMessage",
    "PaneData",
    "PartAnswer",
    "PinExecution",
    "Ping",
    "PipelineProgress",
    "PipelineStep",
    "Pong",
    "PreviewAnswer",
    "PreviewTemplate",
    "PromoteExecution",
    "Promoted",
    "Promotion",
    "PromotionChoice",
    "PromptSent",
    "QueueChanged",
    "QueuePause",
    "QueueState",
    "ReconnectMCPServer",
    "Refused",
    "Removed",
    "Request",
    "RerunAnswer",
    "RerunExecution",
    "ResumeBatch",
    "RetryBatch",
    "SearchHistory",
    "SendPrompt",
    "SessionRow",
    "SessionsAnswer",
    "SettleAction",
    "SettleWorktree",
    "SpendingAnswer",
    "SpendingDay",
    "Started",
    "StopTask",
    "Stream",
    "TemplateChoice",
    "TemplateVariable",
    "TemplatesAnswer",
    "ToEstimate",
    "ToolCallsAnswer",
    "ToolSpan",
    "VariableWrong",
    "Welcome",
    "WorktreeSettled",
    "WorktreeState",
]
