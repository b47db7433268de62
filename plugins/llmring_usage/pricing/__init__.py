"""Token counts, the price book, and the calculation of a call's cost."""
