"""The exchange of metrics between the worker processes of one server."""
