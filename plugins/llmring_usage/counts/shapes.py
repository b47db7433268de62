"""The table of shapes: a usage object is recognised by the names of its fields, whatever the provider's name is."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from llmring_usage.counts.formats import (
    ai_sdk,
    anthropic,
    bedrock,
    cohere_and_ollama,
    gemini,
    openai_chat,
    openai_responses,
    opentelemetry,
)
from llmring_usage.counts.report import Report
from llmring_usage.counts.usage_object import InvalidUsage, UsageObject

# Where a whole response has its usage object.
WRAPPERS = ("usage", "usageMetadata", "usage_metadata", "token_usage", "tokenUsage", "response", "result")
MAX_WRAPPERS = 3


class Shape(NamedTuple):
    """A shape: the fields that only it has, those that it shares with others, and the function that reads it."""

    name: str
    markers: frozenset[str]
    also: frozenset[str]
    read: Callable[[UsageObject, bool], Report]

    @property
    def fields(self) -> frozenset[str]:
        """All fields that it reads."""
        return self.markers | self.also


# An object that has markers of several shapes is of the first of them.
SHAPES = (
    Shape("OpenTelemetry", opentelemetry.MARKERS, opentelemetry.ALSO, opentelemetry.read),
    Shape("Gemini", gemini.MARKERS, gemini.ALSO, gemini.read),
    Shape("AI SDK", ai_sdk.MARKERS, ai_sdk.ALSO, ai_sdk.read),
    Shape("Bedrock Converse", bedrock.MARKERS, bedrock.ALSO, bedrock.read),
    Shape("Cohere", cohere_and_ollama.COHERE, cohere_and_ollama.COHERE_ALSO, cohere_and_ollama.read_cohere),
    Shape("Ollama", cohere_and_ollama.OLLAMA, frozenset(), cohere_and_ollama.read_ollama),
    Shape("OpenAI chat", openai_chat.MARKERS, openai_chat.ALSO, openai_chat.read),
    Shape("Anthropic", anthropic.MARKERS, anthropic.ALSO, anthropic.read),
    Shape("OpenAI responses", openai_responses.MARKERS, openai_responses.ALSO, openai_responses.read),
)
DEFAULT = SHAPES[-1]
_BY_MARKER = {name: at for at, shape in reversed([*enumerate(SHAPES)]) for name in shape.markers}


def recognise(names: Iterable[str]) -> Shape | None:
    """Return the shape of an object with fields of these names, or None."""
    found = [_BY_MARKER[name] for name in names if name in _BY_MARKER]
    return SHAPES[min(found)] if found else None


def read_usage(fields: dict[str, Any], anthropic: bool) -> Report | None:
    """Return the report of a usage object, or of a response that contains one; None if its counts have no values.

    `anthropic` is whether the model is Anthropic's.

    Raises:
        InvalidUsage: it has no counts of a known shape, those of several shapes, or an invalid one.
    """
    for _ in range(MAX_WRAPPERS):
        shape = recognise(fields) or (DEFAULT if fields.keys() & DEFAULT.also else None)
        if shape is not None:
            refuse_mixed(fields, shape)
            usage = UsageObject(fields)
            report = shape.read(usage, anthropic)
            return report if usage.reported else None
        inner = next((fields[name] for name in WRAPPERS if isinstance(fields.get(name), dict)), None)
        if inner is None:
            break
        fields = inner
    if not fields:
        return None
    raise InvalidUsage("It has no token counts of a known shape; the documentation lists them.")


def refuse_mixed(fields: Mapping[str, Any], shape: Shape) -> None:
    """Refuse counts of another shape, which would not be counted.

    Raises:
        InvalidUsage: there are any but null and 0.
    """
    for name, value in fields.items():
        if value and name in _BY_MARKER and name not in shape.fields:
            other = SHAPES[_BY_MARKER[name]].name
            raise InvalidUsage(f"A field of {other}'s usage beside {shape.name}'s. Send one of them.", name)
