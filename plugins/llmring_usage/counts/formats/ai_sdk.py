"""The AI SDK: Bedrock's names, but `inputTokens` include cache reads and writes, and `outputTokens` the reasoning."""

from llmring_usage.counts.report import Report
from llmring_usage.counts.usage_object import UsageObject

INPUT, OUTPUT = "inputTokenDetails", "outputTokenDetails"
MARKERS = frozenset({"cachedInputTokens", "reasoningTokens", INPUT, OUTPUT, "promptTokens", "completionTokens"})
ALSO = frozenset({"inputTokens", "outputTokens", "totalTokens"})


def read(usage: UsageObject, anthropic: bool) -> Report:
    """Return the report."""
    return Report(
        input=usage.count("inputTokens", "promptTokens"),
        output=usage.count("outputTokens", "completionTokens"),
        cache_read=usage.count((INPUT, "cacheReadTokens"), "cachedInputTokens"),
        cache_write=usage.count((INPUT, "cacheWriteTokens")),
        reasoning=usage.count((OUTPUT, "reasoningTokens"), "reasoningTokens"),
    )
