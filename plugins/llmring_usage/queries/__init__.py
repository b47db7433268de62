"""Reads of the log: pages, exports and single calls."""
