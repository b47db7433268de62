"""Serving: uvicorn's configuration, its connections, graceful shutdown and the log."""
