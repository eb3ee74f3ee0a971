"""NEW package reporting."""
