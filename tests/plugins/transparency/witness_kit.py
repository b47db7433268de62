"""Witnesses for tests: the real one on a socket, and faulty ones."""

import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import uvicorn

from llmring_server.testing import eventually
from llmring_server.testing.process import clean_environment, free_port
from llmring_server.tlog.notes import KeyType
from llmring_server.tlog.signers import Signer
from llmring_transparency.witness import CheckpointStore, create_app


class Witness:
    """A witness of one log at an address, with its state in a folder."""

    def __init__(self, folder, log, store=CheckpointStore):
        folder.mkdir(exist_ok=True)
        self.signer = Signer.generate("witness.example/w1", KeyType.COSIGNATURE)
        self.store = store(folder, self.signer, [log])
        self.url = f"http://127.0.0.1:{free_port()}"

    @property
    def setting(self):
        return f"{self.signer.verifier.vkey()} {self.url}"

    @contextmanager
    def running(self):
        port = int(self.url.rpartition(":")[2])
        served = uvicorn.Server(uvicorn.Config(create_app(self.store), port=port, log_config=None, lifespan="off"))
        thread = threading.Thread(target=served.run, daemon=True)
        thread.start()
        try:
            eventually(lambda: served.started)
            yield self
        finally:
            served.should_exit = True
            thread.join(10)


class PairedStore(CheckpointStore):
    """A store that accepts the next submissions in pairs, as many as `crowd` is released for."""

    def __init__(self, *given):
        super().__init__(*given)
        self.crowd = threading.Semaphore(0)
        self._pair = threading.Barrier(2)

    def add(self, content):
        if self.crowd.acquire(blocking=False):
            self._pair.wait(10)
        return super().add(content)


@contextmanager
def answering(status, body=b"", content_type="text/plain", wait=None):
    """Serve one response to every request, after `wait` is set, if given; yield the address and the requests."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            if wait is not None:
                wait.wait(30)
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with ExitStack() as stack:
            stack.callback(thread.join, 10)
            stack.callback(server.shutdown)
            yield f"http://127.0.0.1:{server.server_address[1]}", asked


@contextmanager
def run_witness(key_file, log, state):
    """Run `llmring-server witness` for one log, without any database, and yield its address."""
    port = free_port()
    options = {"--key-file": key_file, "--log": log.vkey(), "--state": state, "--port": port}
    given = [str(part) for option in options.items() for part in option]
    command = [sys.executable, "-m", "llmring_server", "witness", *given]
    process = subprocess.Popen(command, env=clean_environment({"LLMRING_PLUGINS": "transparency"}))
    try:
        eventually(lambda: answers(f"http://127.0.0.1:{port}/add-checkpoint"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def answers(url):
    try:
        return httpx.get(url).status_code == 405
    except httpx.TransportError:
        return False
