"""Web pages of plugins in the frame of the dashboard: their declarations, and what their responders get and return."""
