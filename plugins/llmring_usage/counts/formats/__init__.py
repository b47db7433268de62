"""The usage objects of providers and frameworks: one module per family of formats."""
