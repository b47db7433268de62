"""The host of LLMRing: a small Falcon ASGI server whose every feature is a pluggy plugin."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__: str = version("llmring-server")
