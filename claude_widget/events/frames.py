"""The frames that the CLI prints outside `system`: the conversation, its results, and control.

The rule: one model per frame type, every field optional, because the CLI is free to add, drop and
null its fields. Names are the CLI's own in snake_case. Source: the SDKs' message types and runs of
CLI 2.1.330. Nothing here knows what a frame means for an execution.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, Field

from claude_widget.events.record import TOLERANT, Event

Text = str | None
Flag = bool | None
Count = Annotated[int, Field(ge=0, le=2**53)] | None
"""At most what a double holds, so that no number outgrows the page or the state."""
Dollars = Annotated[float, Field(ge=0, le=1e9)] | None
Anything = Any


class Part(BaseModel):
    """A piece of a frame; tolerant like the frame."""

    model_config = TOLERANT


class TokenUsage(Part):
    """Tokens of one message, as the Messages API counts them."""

    input_tokens: Count = None
    output_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None


class Block(Part):
    """One content block of a message; which fields are set follows from `type`."""

    type: Text = None
    text: Text = None
    thinking: Text = None
    id: Text = None
    name: Text = None
    input: Anything = None
    tool_use_id: Text = None
    is_error: Flag = None
    content: Anything = None


def _as_blocks(content: object) -> object:
    if isinstance(content, str):
        return ({"type": "text", "text": content},)
    return () if content is None else content


Blocks = Annotated[tuple[Block, ...], BeforeValidator(_as_blocks)]


class Message(Part):
    """A message of the conversation. Plain text content is one text block."""

    id: Text = None
    role: Text = None
    model: Text = None
    content: Blocks = ()
    usage: TokenUsage | None = None
    stop_reason: Text = None


class Frame(Event):
    """A JSON object that the CLI printed, of a known type."""

    session_id: Text = None
    uuid: Text = None


class Assistant(Frame):
    """What the model wrote. One message arrives as one frame per content block."""

    payload: ClassVar[str] = "message"

    message: Message = Message.model_construct()
    parent_tool_use_id: Text = None
    error: Text = None
    api_error_status: Count = None
    agent_id: Text = None
    request_id: Text = None
    supersedes: Anything = None
    aborted: Flag = None


class User(Frame):
    """Tool results, and messages that the CLI added itself."""

    payload: ClassVar[str] = "message"

    message: Message = Message.model_construct()
    parent_tool_use_id: Text = None
    tool_use_result: Anything = None
    is_synthetic: Flag = Field(None, validation_alias="isSynthetic")
    is_replay: Flag = Field(None, validation_alias="isReplay")
    origin: Anything = None


class Delta(Part):
    """The change inside a stream event."""

    type: Text = None
    text: Text = None
    thinking: Text = None
    partial_json: Text = None
    stop_reason: Text = None


class ApiEvent(Part):
    """A raw event of the Messages API's stream."""

    type: Text = None
    index: Count = None
    message: Message | None = None
    content_block: Block | None = None
    delta: Delta | None = None
    usage: TokenUsage | None = None


class StreamEvent(Frame):
    """A partial message."""

    payload: ClassVar[str] = "event"

    event: ApiEvent = ApiEvent.model_construct()
    parent_tool_use_id: Text = None
    api_message_id: Text = None


class PartialDelta(StreamEvent):
    """A delta in the CLI's own spelling: it changes no state, whatever it holds."""


class PermissionDenial(Part):
    """One entry of a result's `permission_denials`."""

    tool_name: Text = None
    tool_use_id: Text = None


class ModelUsage(Part):
    """One model's share of a result's totals."""

    input_tokens: Count = Field(None, validation_alias="inputTokens")
    output_tokens: Count = Field(None, validation_alias="outputTokens")
    cache_read_input_tokens: Count = Field(None, validation_alias="cacheReadInputTokens")
    cache_creation_input_tokens: Count = Field(None, validation_alias="cacheCreationInputTokens")
    cost_usd: Dollars = Field(None, validation_alias="costUSD")


class Origin(Part):
    """What started a turn."""

    kind: Text = None


class Result(Frame):
    """The end of a turn; not of the process, and not always the last one."""

    subtype: Text = None
    is_error: Flag = None
    result: Text = None
    errors: tuple[Anything, ...] | None = None
    duration_ms: Count = None
    duration_api_ms: Count = None
    num_turns: Count = None
    total_cost_usd: Dollars = Field(None, description="Of the whole session.")
    usage: TokenUsage | None = Field(None, description="Of this turn's main lane only.")
    model_usage: dict[str, ModelUsage] | None = Field(None, validation_alias="modelUsage")
    model_usage_since_last_result: dict[str, ModelUsage] | None = None
    permission_denials: tuple[PermissionDenial, ...] | None = None
    structured_output: Anything = None
    stop_reason: Text = None
    terminal_reason: Text = None
    api_error_status: Count = None
    api_error_type: Text = None
    startup_failure_reason: Text = None
    queued_turn_count: Count = None
    result_index: Count = None
    credential_expires_at: Anything = None
    origin: Origin | None = None


class RateLimitInfo(Part):
    """Where a limit stands."""

    status: Text = None
    resets_at: float | None = Field(None, validation_alias="resetsAt", description="Epoch seconds.")
    rate_limit_type: Text = Field(None, validation_alias="rateLimitType")
    utilization: float | None = None
    overage_status: Text = Field(None, validation_alias="overageStatus")


class RateLimit(Frame):
    """`rate_limit_event`."""

    payload: ClassVar[str] = "rate_limit_info"

    rate_limit_info: RateLimitInfo = RateLimitInfo.model_construct()


class ToolProgress(Frame):
    """A heartbeat of a tool that takes long."""

    tool_use_id: Text = None
    tool_name: Text = None
    parent_tool_use_id: Text = None
    elapsed_time_seconds: float | None = None


class ToolUseSummary(Frame):
    """A line that sums up earlier tool calls."""

    summary: Text = None
    preceding_tool_use_ids: Anything = None


class AuthStatus(Frame):
    """How logging in goes."""

    is_authenticating: Flag = Field(None, validation_alias="isAuthenticating")
    output: Anything = None
    error: Text = None


class PromptSuggestion(Frame):
    """What the user might ask next."""

    suggestion: Text = None


class ConversationReset(Frame):
    """The conversation was cleared: session id and totals start anew."""

    new_conversation_id: Text = None


class ActiveGoal(Frame):
    """The goal that the CLI is holding on to."""


class CommandLifecycle(Frame):
    """How far a user message that we gave a uuid has come: queued, started or completed."""

    command_uuid: Text = None
    state: Text = None


class KeepAlive(Frame):
    """Nothing; it keeps connections open."""


class TranscriptMirror(Frame):
    """Entries of the CLI's session file, repeated on stdout."""


class ControlBody(Part):
    """What a control request asks. `tool_*` fields are those of `can_use_tool`."""

    subtype: Text = None
    tool_name: Text = None
    display_name: Text = None
    tool_use_id: Text = None
    input: Anything = None
    title: Text = None
    description: Text = None
    permission_suggestions: Anything = None
    blocked_path: Text = None
    decision_reason: Text = None
    decision_reason_type: Text = None
    agent_id: Text = None
    default_to_no: Flag = None
    requires_user_interaction: Flag = None
    callback_id: Text = None
    mcp_server_name: Text = None
    message: Text = None
    mode: Text = None
    model: Text = None


class ControlRequest(Frame):
    """The CLI asks its host: `can_use_tool`, `hook_callback`, `mcp_message`, `elicitation`, ..."""

    payload: ClassVar[str] = "request"

    request_id: Text = None
    request: ControlBody = ControlBody.model_construct()


class ControlAnswer(Part):
    """The inside of a control response."""

    subtype: Text = None
    request_id: Text = None
    response: Anything = None
    error: Text = None


class ControlResponse(Frame):
    """The CLI's answer to a control request of ours."""

    payload: ClassVar[str] = "response"

    response: ControlAnswer = ControlAnswer.model_construct()


class ControlCancelRequest(Frame):
    """The CLI no longer wants an answer."""

    request_id: Text = None


class SentMessage(Event):
    """A user message that we wrote to the CLI."""

    payload: ClassVar[str] = "message"

    message: Message = Message.model_construct()
    uuid: Text = None
    priority: Text = None


class SentRequest(Event):
    """A control request that we wrote to the CLI, such as `initialize` or `interrupt`."""

    payload: ClassVar[str] = "request"

    request_id: Text = None
    request: ControlBody = ControlBody.model_construct()


class SentResponse(Event):
    """Our answer to a control request of the CLI's."""

    payload: ClassVar[str] = "response"

    response: ControlAnswer = ControlAnswer.model_construct()


FRAMES: dict[str, type[Event]] = {
    "assistant": Assistant,
    "user": User,
    "stream_event": StreamEvent,
    "result": Result,
    "rate_limit_event": RateLimit,
    "tool_progress": ToolProgress,
    "tool_use_summary": ToolUseSummary,
    "auth_status": AuthStatus,
    "prompt_suggestion": PromptSuggestion,
    "conversation_reset": ConversationReset,
    "active_goal": ActiveGoal,
    "command_lifecycle": CommandLifecycle,
    "keep_alive": KeepAlive,
    "control_request": ControlRequest,
    "control_response": ControlResponse,
    "control_cancel_request": ControlCancelRequest,
    "transcript_mirror": TranscriptMirror,
}
SENT: dict[str, type[Event]] = {
    "user": SentMessage,
    "control_request": SentRequest,
    "control_response": SentResponse,
}
