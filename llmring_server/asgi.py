"""The ASGI entry point: `uvicorn llmring_server.asgi:app`."""

from llmring_server.app import create_app

app = create_app()
