"""Names of providers and models as clients send them, and the names under which sources list them. Pure functions."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

# Other names of providers, in lower case and with hyphens: of OpenTelemetry, LiteLLM, LangChain, the AI SDK and others.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("anthropic-messages", "anthropic-beta", "claude"),
    "aws": (
        "bedrock", "aws-bedrock", "amazon", "amazon-bedrock", "bedrock-converse", "amazon-bedrock-converse",
        "bedrock-runtime",
    ),
    "azure": (
        "azure-openai", "azure-ai-openai", "az-ai-openai", "azureopenai", "azure-ai", "azure-ai-inference",
        "az-ai-inference", "azure-text", "azure-openai-responses", "azure-openai-chat", "microsoft-azure",
    ),
    "cohere": ("cohere-chat", "cohere-v2"),
    "deepseek": ("deepseek-ai",),
    "fireworks": ("fireworks-ai",),
    "github-copilot": ("copilot", "github"),
    "google": (
        "gemini", "google-genai", "google-gla", "google-vertex", "google-ai", "google-ai-studio", "google-aistudio",
        "google-generative-ai", "google-genai-chat", "google-vertexai", "google-vertex-ai", "googleai", "googlegenai",
        "gcp-gemini", "gcp-gen-ai", "gcp-genai", "gcp-vertex-ai", "gcp-vertexai", "vertex", "vertex-ai", "vertexai",
        "vertex-ai-beta", "palm",
    ),
    "groq": ("groqcloud",),
    "meta": ("meta-llama", "llama-api"),
    "mistral": ("mistralai", "mistral-ai", "codestral"),
    "moonshotai": ("moonshot", "moonshot-ai", "kimi"),
    "novita": ("novita-ai",),
    "openai": (
        "openai-chat", "openai-responses", "openai-completions", "openai-completion", "openai-chat-completions",
        "openai-response", "text-completion-openai", "chatgpt",
    ),
    "openrouter": ("open-router",),
    "perplexity": ("perplexity-ai", "pplx"),
    "together": ("together-ai", "togetherai"),
    "voyageai": ("voyage", "voyage-ai"),
    "x-ai": ("xai", "grok"),
    "zai": ("z-ai",),
}  # fmt: skip
CANONICAL = {name: provider for provider, names in SYNONYMS.items() for name in (provider, *names)}
# Suffixes of the AI SDK: `openai.chat`, `anthropic.messages`, `google.generative-ai`.
SEPARATORS = re.compile(r"[\s_.]+")
# Gateways, whose model names begin with the provider; those with models of their own are providers.
GATEWAYS = frozenset({"litellm", "litellm-proxy", "portkey", "helicone", "gateway", "ai-gateway", "vercel", "unknown"})
# Providers that list the models of others as `maker/model`.
RESELLERS = frozenset({
    "openrouter", "together", "novita", "huggingface", "deepinfra", "fireworks", "groq", "baseten", "cloudflare",
    "doubleword", "quicksilverpro", "modal", "cerebras", "ovhcloud",
})  # fmt: skip

REGION = re.compile(r"^(?:us-gov|us|eu|apac|jp|au|ca|sa|global)\.(?=[a-z0-9]+\.)")
MAKER = re.compile(r"^[a-z0-9]+\.(?=[a-z])")
# A date, or a number in its place: 2025-08-07, 20250807, 09-2025, 2411, 001; or `latest`.
SNAPSHOT = re.compile(r"(?:[-@](?:20\d\d-\d\d-\d\d|20\d{6}|\d\d-20\d\d|\d{4}|00\d|latest))?(?:-v\d+(?::\d+)?)?")
SNAPSHOT_ENDING = re.compile(r"[-@](?:20\d\d-\d\d-\d\d|20\d{6}|\d\d-20\d\d|\d{4}|00\d)(?:-v\d+(?::\d+)?)?$")
FINE_TUNED = "ft:"


class ModelName(NamedTuple):
    """A provider and the names under which it may list a model, best first."""

    provider: str
    models: tuple[str, ...]


def canonical_provider(provider: str) -> str:
    """Return the usual name of a provider; an unknown one is only written in lower case."""
    name = SEPARATORS.sub("-", provider.strip().lower())
    if name in CANONICAL:
        return CANONICAL[name]
    if name.startswith("vertex-ai-"):  # LiteLLM's families: vertex_ai-anthropic_models
        return "google"
    first = SEPARATORS.split(provider.strip().lower())[0]
    return CANONICAL.get(first, name) if "." in provider else name


def resolve_name(provider: str, model: str) -> ModelName:
    """Return the provider that bills a model and the names under which sources may list it."""
    canonical = canonical_provider(provider)
    names = [model]
    bare = model.strip()
    for separator in (":", "/"):
        first, found, rest = bare.partition(separator)
        named = canonical_provider(first)
        if not found or not rest or bare.startswith((FINE_TUNED, "arn:")):
            continue
        if named == canonical and not (separator == "/" and canonical in RESELLERS - {named}):
            bare = rest
        elif named in CANONICAL.values() and canonical in GATEWAYS:
            canonical, bare = named, rest
    names = [*_strip_paths(bare), *names] if bare.startswith("arn:") else [*names, bare, *_strip_paths(bare)]
    names += [name.replace("@", "-") for name in names if "@" in name]
    names += [name.lower() for name in names]
    return ModelName(canonical, tuple(dict.fromkeys(name for name in names if name)))


def _strip_paths(model: str) -> Iterable[str]:
    """Yield a model's name without the folders, ARNs and regions that APIs put before it."""
    last = model.rpartition("/")[2]
    if model.startswith("arn:") or "models/" in model or "/model/" in model:
        yield last
    else:
        last = model
    without_region = REGION.sub("", last)
    if without_region != last:
        yield without_region


def is_snapshot_of(model: str, base: str) -> bool:
    """Whether a name is a base name, or a dated snapshot or a numbered release of it, in any region of Bedrock."""
    name, known = (REGION.sub("", text.lower()) for text in (model, base))
    return any(
        tried.startswith(known) and SNAPSHOT.fullmatch(tried[len(known) :]) is not None
        for tried in (name, MAKER.sub("", name))
    )


def snapshot_bases(models: Iterable[str]) -> tuple[str, ...]:
    """Return the names without their dates, of those that have one; a fine-tuned model has no base."""
    stripped = ((model, SNAPSHOT_ENDING.sub("", model)) for model in models if not model.lower().startswith(FINE_TUNED))
    return tuple(dict.fromkeys(base for model, base in stripped if base and base != model))
