"""Transcripts of calls: the structs, and functions that build the conversation, messages and billed call from them."""

from decimal import Decimal
from uuid import UUID

import msgspec

from llmring_conversations.models import Count, NewConversation, NewMessage
from llmring_server.contracts import Billing, Call, CallCounts
from llmring_server.http import codec
from llmring_server.http.codec import null
from llmring_server.http.errors import Problem


class ModelReply(msgspec.Struct, frozen=True, kw_only=True):
    """The reply of the model; `usage` is the provider's, stored as it was sent."""

    content: msgspec.Raw = msgspec.field(default_factory=null)
    tool_calls: msgspec.Raw = msgspec.field(default_factory=null)
    model: str | None = None
    finish_reason: str | None = None
    usage: msgspec.Raw = msgspec.field(default_factory=null)


class CallMetadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The call: its model, tokens, and its cost in USD as calculated by the client."""

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


class CallTranscript(msgspec.Struct, frozen=True, kw_only=True):
    """A call with its text: the messages sent, the reply, and its metadata."""

    messages: list[NewMessage]
    response: ModelReply = msgspec.field(default_factory=ModelReply)
    metadata: CallMetadata = msgspec.field(default_factory=CallMetadata)


class RecordedConversation(msgspec.Struct, frozen=True):
    """The stored conversation and its bill; empty if the call has no usage, or the usage feature is off.

    `price_notes` are present for an estimated cost: what was substituted.
    """

    conversation_id: UUID
    message_count: int
    log_id: str | None = None
    cost: Decimal | None = None
    cost_source: str | None = None
    cost_status: str | None = None
    price_notes: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class _ReplyUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The token counts in a reply's usage, which apply if the metadata has none."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    cached_tokens: Count | None = None


class _ReplyMetadata(msgspec.Struct, frozen=True, omit_defaults=True):
    """The metadata of the assistant's message."""

    model_used: str | None
    finish_reason: str | None
    usage: msgspec.Raw | None = None


class _EntryMetadata(msgspec.Struct, frozen=True):
    """The metadata of a usage entry, as clients send it to `/log`."""

    model_alias: str
    finish_reason: str | None
    conversation_id: UUID


_usage = msgspec.json.Decoder(_ReplyUsage | None)


def fill_token_counts(transcript: CallTranscript) -> CallTranscript:
    """Return a transcript with token counts in its metadata; if it has none, they are taken from the reply's usage.

    Raises:
        Problem: 422 for a usage with invalid counts.
    """
    metadata = transcript.metadata
    if _has_tokens(metadata):
        return transcript
    usage = codec.decode(_usage, bytes(transcript.response.usage), "body", "response", "usage") or _ReplyUsage()
    counted = msgspec.structs.replace(
        metadata,
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        cached_tokens=usage.cached_tokens,
    )
    return msgspec.structs.replace(transcript, metadata=counted)


def count_reply(transcript: CallTranscript, billing: Billing) -> tuple[CallTranscript, msgspec.Raw]:
    """Return a transcript with token counts in its metadata, and the usage to bill, null to bill those counts.

    The usage has more kinds of counts than the metadata. It is billed if the metadata has the same input and output, or
    none, and is then filled in.

    Raises:
        Problem: 422 for a usage that cannot be counted, if nothing else is known of the call.
    """
    metadata, counted = transcript.metadata, _count(transcript, billing)
    if counted is None:
        return transcript, codec.NULL
    if _has_tokens(metadata):
        given = metadata.input_tokens or 0, metadata.output_tokens or 0
        same = given == (counted.input_tokens, counted.output_tokens)
        return transcript, transcript.response.usage if same else codec.NULL
    filled = msgspec.structs.replace(
        metadata,
        input_tokens=counted.input_tokens,
        output_tokens=counted.output_tokens,
        cached_tokens=counted.cached_input_tokens,
    )
    return msgspec.structs.replace(transcript, metadata=filled), transcript.response.usage


def _count(transcript: CallTranscript, billing: Billing) -> CallCounts | None:
    """Return the counts of the reply's usage; None if it has none, or none that matter beside those of the metadata."""
    metadata, usage = transcript.metadata, transcript.response.usage
    if usage == codec.NULL:
        return None
    try:
        return billing.count(metadata.provider or "", metadata.model or "", usage)
    except Problem as problem:
        if _has_tokens(metadata) or metadata.cost is not None:
            return None
        raise _at_reply(problem) from problem


def _at_reply(problem: Problem) -> Problem:
    """Return the problem with a usage, located in the transcript."""
    fault = problem.faults[0]
    return Problem.validation("body", "response", *fault.loc[1:], msg=fault.msg)


def build_conversation(transcript: CallTranscript) -> NewConversation:
    """Return the conversation of a transcript."""
    metadata = transcript.metadata
    return NewConversation(
        model_alias=metadata.alias or _model_name(metadata),
        origin=metadata.origin,
        profile=metadata.profile,
    )


def build_messages(transcript: CallTranscript) -> list[NewMessage]:
    """Return the messages sent, and the reply as a message of the assistant."""
    reply, metadata = transcript.response, transcript.metadata
    usage = None if reply.usage == codec.NULL else reply.usage
    answer = NewMessage(
        role="assistant",
        content=reply.content,
        tool_calls=reply.tool_calls,
        metadata=msgspec.Raw(codec.encode(_ReplyMetadata(reply.model or metadata.model, reply.finish_reason, usage))),
        input_tokens=metadata.input_tokens,
        output_tokens=metadata.output_tokens,
    )
    return [*transcript.messages, answer]


def build_call(
    transcript: CallTranscript, conversation: UUID, usage: msgspec.Raw = codec.NULL, key_id: str | None = None
) -> Call | None:
    """Return the call to bill, or None without tokens and cost: clients do not log such calls either.

    Raises:
        Problem: 422 if the provider or the model is missing.
    """
    metadata = transcript.metadata
    if not _has_tokens(metadata) and metadata.cost is None:
        return None
    if not metadata.provider or not metadata.model:
        missing = "model" if metadata.provider else "provider"
        raise Problem.validation(
            "body", "metadata", missing, msg="This field is required to bill a call with tokens or a cost."
        )
    entry_metadata = _EntryMetadata(
        f"{metadata.provider}:{metadata.model}", transcript.response.finish_reason, conversation
    )
    return Call(
        provider=metadata.provider,
        model=metadata.model,
        input_tokens=metadata.input_tokens or 0,
        output_tokens=metadata.output_tokens or 0,
        cached_input_tokens=metadata.cached_tokens or 0,
        alias=metadata.alias,
        profile=metadata.profile,
        origin=metadata.origin,
        id_at_origin=str(conversation),
        cost=metadata.cost,
        latency_ms=metadata.latency_ms,
        metadata=msgspec.Raw(codec.encode(entry_metadata)),
        usage=usage,
        key_id=key_id,
    )


def _has_tokens(metadata: CallMetadata) -> bool:
    return any(count is not None for count in (metadata.input_tokens, metadata.output_tokens, metadata.cached_tokens))


def _model_name(metadata: CallMetadata) -> str | None:
    return f"{metadata.provider}:{metadata.model}" if metadata.provider and metadata.model else metadata.model
