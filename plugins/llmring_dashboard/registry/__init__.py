"""The registry pages."""
