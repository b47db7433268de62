"""Counts by our own names, as fields of an entry."""

import functools

from llmring_usage.counts.report import SMALLER, TOO_LARGE, Report, disjoint
from llmring_usage.counts.usage_object import InvalidUsage
from llmring_usage.models.entries import MAX_COUNT, InputIncludes, PlainEntry, UsageEntry
from llmring_usage.pricing.tokens import Tokens

ANTHROPIC = ("anthropic", "claude")


@functools.lru_cache(maxsize=4_096)
def is_anthropic(provider: str, model: str) -> bool:
    """Whether a model is Anthropic's, wherever it runs: its input is counted without the cache."""
    return provider == "anthropic" or any(name in model.lower() for name in ANTHROPIC)


def count_tokens(entry: PlainEntry) -> Tokens:
    """Return the disjoint counts of an entry without a usage object.

    Raises:
        InvalidUsage: the counts contradict each other.
    """
    if isinstance(entry, UsageEntry):
        return disjoint(_report(entry))
    read = (entry.cached_input_tokens or 0) if entry.cache_read_tokens is None else entry.cache_read_tokens
    in_5m, in_1h = entry.cache_write_5m_tokens or 0, entry.cache_write_1h_tokens or 0
    unspecified = entry.cache_write_tokens or 0
    fresh, output, reasoning = entry.input_tokens or 0, entry.output_tokens or 0, entry.reasoning_tokens or 0
    if read or unspecified or in_5m or in_1h:
        fresh -= _included(entry, fresh, read, unspecified + in_5m + in_1h)
    if reasoning > output:
        output += reasoning
    if fresh < 0:
        raise InvalidUsage(SMALLER)
    if output > MAX_COUNT:
        raise InvalidUsage(TOO_LARGE)
    return Tokens(fresh, read, in_5m, in_1h, unspecified, output, reasoning)


def _included(entry: PlainEntry, given: int, read: int, written: int) -> int:
    """Return the tokens read from and written to a cache that the input includes."""
    if entry.input_includes_cached is not None:
        return read + written if entry.input_includes_cached else 0
    if is_anthropic(entry.provider, entry.model) or read > given:
        return 0
    return read + written if read + written <= given else read


def _includes(entry: UsageEntry) -> InputIncludes | None:
    """Return what the input includes: as the client declares, or as the model's provider counts; None for unknown."""
    if entry.input_includes is not None:
        return entry.input_includes
    if entry.input_includes_cached is not None:
        return "reads_and_writes" if entry.input_includes_cached else "none"
    return "none" if is_anthropic(entry.provider, entry.model) else None


def _report(entry: UsageEntry) -> Report:
    """Return the counts of an entry as a report."""
    read = (entry.cached_input_tokens or 0) if entry.cache_read_tokens is None else entry.cache_read_tokens
    return Report(
        input=entry.input_tokens or 0,
        output=entry.output_tokens or 0,
        includes=_includes(entry),
        cache_read=read,
        cache_write=entry.cache_write_tokens or 0,
        cache_write_5m=entry.cache_write_5m_tokens or 0,
        cache_write_30m=entry.cache_write_30m_tokens or 0,
        cache_write_1h=entry.cache_write_1h_tokens or 0,
        cache_write_12h=entry.cache_write_12h_tokens or 0,
        reasoning=entry.reasoning_tokens or 0,
        audio_input=entry.audio_input_tokens or 0,
        cached_audio=entry.cached_audio_tokens or 0,
        image_input=entry.image_input_tokens or 0,
        cached_images=entry.cached_image_tokens or 0,
        video_input=entry.video_input_tokens or 0,
        audio_output=entry.audio_output_tokens or 0,
        image_output=entry.image_output_tokens or 0,
        video_output=entry.video_output_tokens or 0,
        units=entry.units or {},
    )
