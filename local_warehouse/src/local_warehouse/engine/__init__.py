"""NEW package engine."""
