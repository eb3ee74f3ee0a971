"""NEW package resolver."""
