"""Plugins: the hooks, the manager that loads and calls them, and their settings."""
