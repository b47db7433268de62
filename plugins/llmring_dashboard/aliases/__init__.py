"""The alias pages."""
