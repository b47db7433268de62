"""Token counts, prices and the calculation of a call's cost."""
