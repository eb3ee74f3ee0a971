"""NEW package lease."""
