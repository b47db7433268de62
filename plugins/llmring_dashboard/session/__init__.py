"""Sessions in signed cookies."""
