"""The receipt and statement pages."""
