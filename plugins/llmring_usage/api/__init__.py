"""The HTTP resources of usage: log, batch, logs and statistics."""
