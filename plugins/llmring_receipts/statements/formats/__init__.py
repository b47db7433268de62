"""The signed statement, its lines and its totals; pure, so that statements can be verified without the server."""
