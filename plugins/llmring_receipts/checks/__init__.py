"""Checking receipts and statements offline. Pure: `python -m llmring_receipts` needs none of the server's libraries."""
