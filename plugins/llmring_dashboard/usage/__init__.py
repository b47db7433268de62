"""The overview and the log pages."""
