"""The sources of prices: own prices, the llmring registry and the bundled package; and the book that asks them."""
