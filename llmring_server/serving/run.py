"""`llmring-server serve`: runs uvicorn with the server's configuration, in one process or several."""

from typing import Any

import uvicorn

from llmring_server.serving.connection import HTTP
from llmring_server.serving.logging import uvicorn_logging
from llmring_server.serving.shutdown import GracefulServer
from llmring_server.settings import Settings

APPLICATION = "llmring_server.asgi:app"


def run(settings: Settings, *, host: str, port: int, workers: int = 1, reload: bool = False) -> int:
    """Serve until the process is stopped, and return its exit status: 0, or 1 when the start failed.

    Multiple workers and reloading are handled by uvicorn.
    """
    options: dict[str, Any] = {
        "host": host,
        "port": port,
        "access_log": False,
        "log_level": "warning",
        "log_config": uvicorn_logging(settings.log_format),
        "timeout_graceful_shutdown": settings.shutdown_seconds,
        "limit_concurrency": settings.connection_count,
        "http": HTTP,
        "ws": "none",
        "server_header": False,
    }
    try:
        if workers > 1 or reload:
            uvicorn.run(APPLICATION, workers=workers, reload=reload, **options)
        else:
            server = GracefulServer(uvicorn.Config(APPLICATION, **options))
            server.run()
            return 0 if server.started else 1
    except KeyboardInterrupt:
        pass
    except SystemExit as ended:
        return 1 if ended.code else 0
    return 0
