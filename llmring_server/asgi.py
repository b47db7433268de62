"""The ASGI entry point: `uvicorn llmring_server.asgi:app`."""

from llmring_server.app import create_app
from llmring_server.serving.logging import adopt_uvicorn
from llmring_server.settings import load_settings

settings = load_settings()
adopt_uvicorn(settings.log_format)
app = create_app(settings)
