"""Server information and health: `/`, `/health`, `/health/live`, `/health/ready`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

import falcon.asgi
import msgspec

from llmring_server import __version__
from llmring_server.contracts.serving import FrontPage
from llmring_server.http.codec import prefers_html
from llmring_server.http.errors import Unavailable
from llmring_server.http.operations import operation
from llmring_server.serving.shutdown import Drain

log = logging.getLogger(__name__)

CHECK_SECONDS = 1.5
DATABASE = "database"
CONNECTED = ("ok", "failed: ReadOnlySqlTransaction", "failed: DiskFull")  # the database answers


class HealthCheck(msgspec.Struct, frozen=True):
    """A named health check: `check` returns when healthy and raises when not; a critical one causes 503."""

    name: str
    check: Callable[[], Awaitable[None]]
    critical: bool = True


class ServerInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """The response of `/`; `ui` is the path of the web pages, omitted without any."""

    name: str
    version: str
    docs: str
    registry: str
    plugins: list[str]
    ui: str | None = None


class HealthReport(msgspec.Struct, frozen=True):
    """The response of `/health`: `healthy` or `unhealthy`, and each check's `ok` or failure.

    `database` is `connected` also while it is read-only or its disk is full, when the server is unhealthy.
    """

    status: str
    database: str
    version: str
    checks: dict[str, str]


class Liveness(msgspec.Struct, frozen=True):
    """The response of `/health/live`, always `alive`."""

    status: str


class Root:
    """`/`: the server's name, version and plugins."""

    def __init__(self, plugins: Sequence[str], front: FrontPage | None) -> None:
        ui = front.path if front else None
        self._info = ServerInfo("LLMRing Server", __version__, "/docs", "/registry", list(plugins), ui)

    @operation(answer=ServerInfo, also=(303,))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> ServerInfo | None:
        """Name, version and enabled plugins; browsers are redirected to the web pages, if there are any."""
        if self._info.ui is None:
            return self._info
        resp.append_header("Vary", "Accept")
        if not prefers_html(req):
            return self._info
        resp.status, resp.location = falcon.HTTP_303, self._info.ui
        return None


class Health:
    """`/health`, `/health/live` and `/health/ready`."""

    def __init__(self, checks: Sequence[HealthCheck], drain: Drain, is_waiting: Callable[[], bool]) -> None:
        self._checks = tuple(checks)
        self._drain = drain
        self._is_waiting = is_waiting

    @operation(answer=HealthReport, also=(503,))
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> HealthReport:
        """Run every check with a time limit; 503 when a critical one fails."""
        results = dict(await asyncio.gather(*(self._run(check) for check in self._checks)))
        failed = [check.name for check in self._checks if check.critical and results[check.name] != "ok"]
        if failed:
            resp.status = falcon.HTTP_503
        return HealthReport(
            status="unhealthy" if failed else "healthy",
            database="connected" if results[DATABASE] in CONNECTED else "disconnected",
            version=__version__,
            checks=results,
        )

    @operation(answer=HealthReport, also=(503,))
    async def on_get_ready(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Whether to send traffic here; the same checks as `/health`, and 503 while starting or shutting down."""
        if self._drain.begun:
            raise Unavailable("This process is shutting down. Send requests to another.")
        waiting = self._is_waiting()
        await self.on_get(req, resp)
        if waiting and resp.status == falcon.HTTP_200:
            raise Unavailable("This process finishes its start. Send requests to another, or try again shortly.")

    @operation(answer=Liveness)
    async def on_get_live(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> Liveness:
        """Whether the process responds; runs no check."""
        return Liveness("alive")

    async def _run(self, check: HealthCheck) -> tuple[str, str]:
        try:
            await _with_timeout(check.check())
        except Exception as error:
            log.warning("health check %s: %s: %s", check.name, type(error).__name__, error)
            return check.name, f"failed: {type(error).__name__}"
        return check.name, "ok"


async def _with_timeout(work: Awaitable[None]) -> None:
    """Await a check for at most `CHECK_SECONDS`, without waiting for its cancellation."""
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=CHECK_SECONDS)
    if not done:
        task.cancel()
        raise TimeoutError
    task.result()
