"""OpenTelemetry's attributes of generative AI: the input includes cache reads and writes, the output the reasoning."""

from llmring_usage.counts.report import Report
from llmring_usage.counts.usage_object import UsageObject

PREFIX = "gen_ai.usage."
INPUT = (f"{PREFIX}input_tokens", f"{PREFIX}prompt_tokens")
OUTPUT = (f"{PREFIX}output_tokens", f"{PREFIX}completion_tokens")
READ = tuple(
    PREFIX + name
    for name in ("cache_read.input_tokens", "cache_read_input_tokens", "cached_input_tokens",
                 "input_tokens.cached", "details.cached_tokens")
)  # fmt: skip
WRITTEN = tuple(
    PREFIX + name
    for name in ("cache_creation.input_tokens", "cache_creation_input_tokens", "cache_write.input_tokens",
                 "input_tokens.cache_write")
)  # fmt: skip
REASONING = tuple(
    PREFIX + name
    for name in ("reasoning.output_tokens", "reasoning_tokens", "output_tokens.reasoning", "details.reasoning_tokens")
)
MARKERS = frozenset({*INPUT, *OUTPUT, *READ, *WRITTEN, *REASONING})
ALSO: frozenset[str] = frozenset({f"{PREFIX}total_tokens"})


def read(usage: UsageObject, anthropic: bool) -> Report:
    """Return the report."""
    return Report(
        input=usage.count(*INPUT),
        output=usage.count(*OUTPUT),
        cache_read=usage.count(*READ),
        cache_write=usage.count(*WRITTEN),
        reasoning=usage.count(*REASONING),
    )
