"""Checks of the database: its clock, its pepper, and that it can be written."""
