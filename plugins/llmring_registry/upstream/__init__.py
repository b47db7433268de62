"""Requests to the upstream registry."""
