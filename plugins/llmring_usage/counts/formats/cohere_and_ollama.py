"""Cohere's usage, of which the billed units count, and Ollama's counts of evaluated tokens."""

from llmring_usage.counts.report import Report
from llmring_usage.counts.usage_object import UsageObject

COHERE = frozenset({"billed_units"})
COHERE_ALSO = frozenset({"tokens", "cached_tokens"})
OLLAMA = frozenset({"prompt_eval_count", "eval_count"})


def read_cohere(usage: UsageObject, anthropic: bool) -> Report:
    """Return the report of Cohere's usage."""
    return Report(
        input=usage.count(("billed_units", "input_tokens")),
        output=usage.count(("billed_units", "output_tokens")),
        image_input=usage.count(("billed_units", "image_tokens")),
        units={
            "search_unit": usage.count(("billed_units", "search_units")),
            "classification": usage.count(("billed_units", "classifications")),
        },
    )


def read_ollama(usage: UsageObject, anthropic: bool) -> Report:
    """Return the report of Ollama's counts."""
    return Report(input=usage.count("prompt_eval_count"), output=usage.count("eval_count"))
