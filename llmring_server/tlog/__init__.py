"""Formats of transparency logs: RFC 6962 trees, C2SP tiles, signed notes, checkpoints and proofs.

Pure: nothing here imports the server, a database or HTTP, so that logs can be verified offline.
"""
