"""Middleware of every request: ASGI middleware around Falcon's application, and Falcon middleware within it."""
