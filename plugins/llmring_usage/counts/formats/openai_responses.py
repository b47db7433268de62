"""OpenAI's responses, realtime and image usage; LangChain's and Codex's use the same names.

`input_tokens` include cache reads and writes, `output_tokens` the reasoning.
"""

from llmring_usage.counts.report import Report, unspecified
from llmring_usage.counts.usage_object import Path, UsageObject

INPUT = ("input_tokens_details", "input_token_details")
OUTPUT = ("output_tokens_details", "output_token_details")
MARKERS = frozenset({*INPUT, *OUTPUT, "reasoning_output_tokens", "tool_calls_details"})
# Names that are also fields of an entry.
ALSO = frozenset({
    "input_tokens", "output_tokens", "cached_input_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "service_tier", "speed",
})  # fmt: skip


def read(usage: UsageObject, anthropic: bool) -> Report:
    """Return the report."""
    in_30m, in_12h = usage.count(*_in(INPUT, "ttl_30m_tokens")), usage.count(*_in(INPUT, "ttl_12h_tokens"))
    in_5m = usage.count(*_in(INPUT, "ephemeral_5m_input_tokens"))
    in_1h = usage.count(*_in(INPUT, "ephemeral_1h_input_tokens"))
    written = usage.count(*_in(INPUT, "cache_write_tokens", "cache_creation"), "cache_write_tokens")
    cached = _in(INPUT, "cached_tokens", "cache_read", "cache_read_input_tokens")
    return Report(
        input=usage.count("input_tokens"),
        output=usage.count("output_tokens"),
        cache_read=usage.count(*cached, "cached_input_tokens", "cache_read_tokens"),
        cache_write=unspecified(written, in_5m, in_30m, in_1h, in_12h),
        cache_write_5m=in_5m,
        cache_write_30m=in_30m,
        cache_write_1h=in_1h,
        cache_write_12h=in_12h,
        reasoning=usage.count(
            *_in(OUTPUT, "reasoning_tokens", "reasoning"), "reasoning_output_tokens", "reasoning_tokens"
        ),
        audio_input=usage.count(*_in(INPUT, "audio_tokens", "audio")),
        cached_audio=usage.count(*((details, "cached_tokens_details", "audio_tokens") for details in INPUT)),
        image_input=usage.count(*_in(INPUT, "image_tokens", "image")),
        cached_images=usage.count(*((details, "cached_tokens_details", "image_tokens") for details in INPUT)),
        audio_output=usage.count(*_in(OUTPUT, "audio_tokens", "audio")),
        image_output=usage.count(*_in(OUTPUT, "image_tokens", "image")),
        units={"web_search": usage.count(("tool_calls_details", "search_web", "invocation"))},
        service_tier=usage.text("service_tier"),
        speed=usage.text("speed"),
    )


def _in(details: tuple[str, ...], *names: str) -> list[Path]:
    """Return the paths of a count's names in either spelling of the details."""
    return [(detail, name) for name in names for detail in details]
