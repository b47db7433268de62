"""From a logged entry to its committed row."""
