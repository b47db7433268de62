"""The host of LLMRing: a small Falcon ASGI server with all features as pluggy plugins."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__: str = version("llmring-server")
