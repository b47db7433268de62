"""Rendering: the layout, views, templates and formats shared by all pages."""
