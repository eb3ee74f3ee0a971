"""NEW package csv."""
