"""Bedrock's Converse: `inputTokens` include neither cache reads nor cache writes."""

from llmring_usage.counts.report import Report, unspecified
from llmring_usage.counts.usage_object import UsageObject

MARKERS = frozenset({
    "inputTokens", "outputTokens", "cacheReadInputTokens", "cacheReadInputTokenCount", "cacheWriteInputTokens",
    "cacheWriteInputTokenCount", "cacheReadTokens", "cacheWriteTokens", "cacheDetails",
})  # fmt: skip
ALSO = frozenset({"totalTokens"})


def read(usage: UsageObject, anthropic: bool) -> Report:
    """Return the report."""
    in_5m, in_1h = _lifetime(usage, "5m"), _lifetime(usage, "1h")
    written = usage.count("cacheWriteInputTokens", "cacheWriteInputTokenCount", "cacheWriteTokens")
    return Report(
        input=usage.count("inputTokens"),
        output=usage.count("outputTokens"),
        includes="none",
        cache_read=usage.count("cacheReadInputTokens", "cacheReadInputTokenCount", "cacheReadTokens"),
        cache_write=unspecified(written, in_5m, in_1h),
        cache_write_5m=in_5m,
        cache_write_1h=in_1h,
    )


def _lifetime(usage: UsageObject, lifetime: str) -> int:
    return usage.listed(("cacheDetails",), ("ttl", lifetime), ("inputTokens",))
