"""A logged conversation: what clients send as one call, and what of it is billed. Pure functions."""

from decimal import Decimal
from uuid import UUID

import msgspec

from llmring_conversations.models import Count, NewConversation, NewMessage
from llmring_server.contracts import Call
from llmring_server.http import codec
from llmring_server.http.codec import null
from llmring_server.http.errors import Problem


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the model answered; `usage` is the provider's, kept as it was sent."""

    content: msgspec.Raw = msgspec.field(default_factory=null)
    tool_calls: msgspec.Raw = msgspec.field(default_factory=null)
    model: str | None = None
    finish_reason: str | None = None
    usage: msgspec.Raw = msgspec.field(default_factory=null)


class CallMetadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which call it was, its tokens, and its cost in USD as the client reckons it."""

    provider: str | None = None
    model: str | None = None
    alias: str | None = None
    profile: str | None = None
    origin: str | None = None
    cost: Decimal | None = None
    input_cost: Decimal | None = None
    output_cost: Decimal | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cached_tokens: Count | None = None
    latency_ms: float | None = None


class LoggedCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call with its text: the messages sent, the reply, and what it was."""

    messages: list[NewMessage]
    response: Reply = msgspec.field(default_factory=Reply)
    metadata: CallMetadata = msgspec.field(default_factory=CallMetadata)


class LoggedConversation(msgspec.Struct, frozen=True):
    """What came of a logged call; without usage in it, or without the usage feature, nothing is billed."""

    conversation_id: UUID
    message_count: int
    log_id: str | None = None
    cost: Decimal | None = None
    cost_source: str | None = None
    cost_status: str | None = None


class _Usage(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a reply's usage that count where the metadata has none."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    cached_tokens: Count | None = None


class _About(msgspec.Struct, frozen=True, omit_defaults=True):
    """The metadata of an assistant's message."""

    model_used: str | None
    finish_reason: str | None
    usage: msgspec.Raw | None = None


class _Trace(msgspec.Struct, frozen=True):
    """The metadata of a usage entry, as clients write it to `/log`."""

    model_alias: str
    finish_reason: str | None
    conversation_id: UUID


_usage = msgspec.json.Decoder(_Usage | None)


def with_tokens(logged: LoggedCall) -> LoggedCall:
    """Return a logged call with its token counts in the metadata, from the reply's usage where they are only there.

    Raises:
        Problem: 422 for a usage that is no object of counts.
    """
    given = logged.metadata
    if _counted(given):
        return logged
    usage = codec.decode(_usage, bytes(logged.response.usage), "body", "response", "usage") or _Usage()
    counted = msgspec.structs.replace(
        given,
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        cached_tokens=usage.cached_tokens,
    )
    return msgspec.structs.replace(logged, metadata=counted)


def conversation_of(logged: LoggedCall) -> NewConversation:
    """Return the conversation that a logged call makes."""
    about = logged.metadata
    return NewConversation(
        model_alias=about.alias or _model(about),
        origin=about.origin,
        profile=about.profile,
    )


def messages_of(logged: LoggedCall) -> list[NewMessage]:
    """Return the messages sent, and the reply as the assistant's."""
    reply, about = logged.response, logged.metadata
    usage = None if reply.usage == codec.NULL else reply.usage
    said = NewMessage(
        role="assistant",
        content=reply.content,
        tool_calls=reply.tool_calls,
        metadata=msgspec.Raw(codec.encode(_About(reply.model or about.model, reply.finish_reason, usage))),
        input_tokens=about.input_tokens,
        output_tokens=about.output_tokens,
    )
    return [*logged.messages, said]


def call_of(logged: LoggedCall, conversation: UUID) -> Call | None:
    """Return what is to be billed, or None when neither tokens nor a cost are known: clients log no such call either.

    Raises:
        Problem: 422 when provider or model are missing.
    """
    about = logged.metadata
    if not _counted(about) and about.cost is None:
        return None
    if not about.provider or not about.model:
        missing = "model" if about.provider else "provider"
        raise Problem.validation(
            "body", "metadata", missing, msg="missing; a call with tokens or a cost is billed to it"
        )
    trace = _Trace(f"{about.provider}:{about.model}", logged.response.finish_reason, conversation)
    return Call(
        provider=about.provider,
        model=about.model,
        input_tokens=about.input_tokens or 0,
        output_tokens=about.output_tokens or 0,
        cached_input_tokens=about.cached_tokens or 0,
        alias=about.alias,
        profile=about.profile,
        origin=about.origin,
        id_at_origin=str(conversation),
        cost=about.cost,
        latency_ms=about.latency_ms,
        metadata=msgspec.Raw(codec.encode(trace)),
    )


def _counted(about: CallMetadata) -> bool:
    return any(count is not None for count in (about.input_tokens, about.output_tokens, about.cached_tokens))


def _model(about: CallMetadata) -> str | None:
    return f"{about.provider}:{about.model}" if about.provider and about.model else about.model
