"""Receipts: issue them, store them, and offer them to other plugins."""
