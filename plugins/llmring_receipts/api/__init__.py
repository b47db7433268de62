"""Receipts over HTTP."""
