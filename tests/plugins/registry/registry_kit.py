"""A loopback upstream whose behaviour a test switches, and waiting with a deadline."""

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DEADLINE_SECONDS = 15.0
FILES = ("manifest.json", "anthropic/models.json", "google/models.json", "openai/models.json")


class Upstream:
    """Serves a folder on the loopback interface; `behave` switches what it does for some paths or for all.

    `asked` counts requests by path, `confirmed` those answered 304.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: Counter[str] = Counter()
        self.confirmed: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.release = threading.Event()
        self._behaviour: dict[str | None, str] = {}
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    def start(self) -> None:
        """Listen; again on the same port after `stop`."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), partial(_Handler, self))
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Stop: connections are refused."""
        self.release.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def behave(self, how: str, *paths: str) -> None:
        """Be `ok`, `slow`, `error` (500), `invalid` (no JSON), `missing` (404) or `huge`, for `paths` or for all."""
        with self.lock:
            if not paths:
                self._behaviour = {}
            self._behaviour.update(dict.fromkeys(paths or [None], how))

    def behaviour(self, path: str) -> str:
        with self.lock:
            return self._behaviour.get(path, self._behaviour.get(None, "ok"))

    def total(self) -> int:
        with self.lock:
            return self.asked.total()

    def change(self, path: str, edit: Callable[[Any], None]) -> None:
        """Edit a JSON file of the folder atomically."""
        change(self.folder / path, edit)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, upstream: Upstream, *args: Any) -> None:
        self.upstream = upstream
        super().__init__(*args)

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        with self.upstream.lock:
            self.upstream.asked[path] += 1
        how = self.upstream.behaviour(path)
        if how == "slow":
            self.upstream.release.wait(DEADLINE_SECONDS)
        file = self.upstream.folder / path
        if how == "error":
            self._answer(500, b"<h1>sorry</h1>")
        elif how == "missing" or not file.is_file():
            self._answer(404, b"<h1>not here</h1>")
        elif how == "invalid":
            self._answer(200, b'{"models": {"openai:gpt-4o": ')
        elif how == "huge":
            self._answer(200, b" " * 200_000)
        else:
            self._answer_file(path, file.read_bytes())

    def _answer_file(self, path: str, body: bytes) -> None:
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        if self.headers["If-None-Match"] == etag:
            with self.upstream.lock:
                self.upstream.confirmed[path] += 1
            self._answer(304, b"", ETag=etag)
        else:
            self._answer(200, body, ETag=etag)

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            pass

    def log_message(self, *args: object) -> None:
        pass


def change(file: Path, edit: Callable[[Any], None]) -> None:
    """Edit a JSON file atomically."""
    document = json.loads(file.read_bytes())
    edit(document)
    whole = file.with_suffix(".new")
    whole.write_text(json.dumps(document))
    whole.replace(file)


def until(holds: Callable[[], Any], seconds: float = DEADLINE_SECONDS) -> Any:
    """Return the result of `holds` as soon as it is true; fail at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < deadline, f"{holds} does not hold after {seconds} s"
        time.sleep(0.02)
