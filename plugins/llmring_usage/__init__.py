"""Under construction in the next commit."""
