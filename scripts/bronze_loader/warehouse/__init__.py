"""NEW package warehouse."""
