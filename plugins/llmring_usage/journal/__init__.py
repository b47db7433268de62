"""The journal: calls wait on disk while the database is down."""
