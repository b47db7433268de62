"""The composed registry: its body, prices and model descriptions."""
