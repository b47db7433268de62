"""The public API for plugins: all names that a plugin may import from the host, besides `llmring_server.contracts`.

`llmring_server.testing` is the test kit, `llmring_server.client` the client for applications.
"""

from llmring_server.contracts import ArrivingUsage, Identity, LoggedUsage, RecordedUsage, Scope
from llmring_server.contracts.aliases import AliasResolution, ChangedAlias
from llmring_server.contracts.metrics import HistogramValue, Metric
from llmring_server.contracts.projects import ChangedKey
from llmring_server.contracts.usage_lines import CorrectedUsage, RepricedUsage
from llmring_server.database import Database, Notifications
from llmring_server.errors import StartupError
from llmring_server.http.codec import encode
from llmring_server.http.endpoints.health import HealthCheck
from llmring_server.http.errors import FieldError, Problem, Unavailable
from llmring_server.http.operations import operation
from llmring_server.http.query import decode_query
from llmring_server.http.routing import Route
from llmring_server.plugins.context import ServerContext
from llmring_server.plugins.events import Events
from llmring_server.plugins.hookspecs import hookimpl, hookspec
from llmring_server.runtime.background import beside, upkeep
from llmring_server.runtime.cache import Cache
from llmring_server.runtime.histogram import Histogram
from llmring_server.settings import PluginSettings

__all__ = [
    "AliasResolution",
    "ArrivingUsage",
    "Cache",
    "ChangedAlias",
    "ChangedKey",
    "CorrectedUsage",
    "Database",
    "Events",
    "FieldError",
    "HealthCheck",
    "Histogram",
    "HistogramValue",
    "Identity",
    "LoggedUsage",
    "Metric",
    "Notifications",
    "PluginSettings",
    "Problem",
    "RecordedUsage",
    "RepricedUsage",
    "Route",
    "Scope",
    "ServerContext",
    "StartupError",
    "Unavailable",
    "beside",
    "decode_query",
    "encode",
    "hookimpl",
    "hookspec",
    "operation",
    "upkeep",
]
