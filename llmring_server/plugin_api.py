"""The public API for plugins: all names that a plugin may import from the host, besides `llmring_server.contracts`.

`llmring_server.testing` is the test kit, `llmring_server.client` the client for applications.
"""

from llmring_server.cli.context import run_with_server
from llmring_server.contracts import ArrivingUsage, Identity, LoggedUsage, RecordedUsage, Scope
from llmring_server.contracts.aliases import AliasResolution
from llmring_server.contracts.metrics import HistogramValue, Metric
from llmring_server.contracts.usage_lines import CorrectedUsage, RepricedUsage
from llmring_server.database import Database, Notifications
from llmring_server.errors import StartupError
from llmring_server.http.codec import encode
from llmring_server.http.endpoints.health import HealthCheck
from llmring_server.http.errors import FieldError, Problem, Unavailable
from llmring_server.http.operations import operation
from llmring_server.http.query import decode_query
from llmring_server.http.routing import Route
from llmring_server.plugins.api_version import API_VERSION
from llmring_server.plugins.context import ServerContext
from llmring_server.plugins.events import Events
from llmring_server.plugins.hookspecs import hookimpl, hookspec
from llmring_server.plugins.pages.page import ColumnLink, Page, Panel
from llmring_server.plugins.pages.views import CsrfForm, view
from llmring_server.plugins.pages.visit import Frame, PageResource, Redirect, TemplateResponse, Visit
from llmring_server.plugins.settings_model import PluginSettings
from llmring_server.runtime.background import beside, upkeep
from llmring_server.runtime.cache import Cache
from llmring_server.runtime.histogram import Histogram

__all__ = [
    "API_VERSION",
    "AliasResolution",
    "ArrivingUsage",
    "Cache",
    "ColumnLink",
    "CorrectedUsage",
    "CsrfForm",
    "Database",
    "Events",
    "FieldError",
    "Frame",
    "HealthCheck",
    "Histogram",
    "HistogramValue",
    "Identity",
    "LoggedUsage",
    "Metric",
    "Notifications",
    "Page",
    "PageResource",
    "Panel",
    "PluginSettings",
    "Problem",
    "RecordedUsage",
    "Redirect",
    "RepricedUsage",
    "Route",
    "Scope",
    "ServerContext",
    "StartupError",
    "TemplateResponse",
    "Unavailable",
    "Visit",
    "beside",
    "decode_query",
    "encode",
    "hookimpl",
    "hookspec",
    "operation",
    "run_with_server",
    "upkeep",
    "view",
]
