"""NEW package landing."""
