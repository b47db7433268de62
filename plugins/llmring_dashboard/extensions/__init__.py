"""What other plugins add: pages, panels on the overview and on the page of a call, and links from columns."""
