"""The structs of usage: entries, rows, the series that rows share, and responses."""
