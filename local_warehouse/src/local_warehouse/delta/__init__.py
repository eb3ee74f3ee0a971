"""NEW package delta."""
