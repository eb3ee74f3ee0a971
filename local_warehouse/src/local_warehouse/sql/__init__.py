"""NEW package sql."""
