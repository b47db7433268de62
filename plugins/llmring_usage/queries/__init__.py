"""Reads of the log: pages, exports and statistics."""
