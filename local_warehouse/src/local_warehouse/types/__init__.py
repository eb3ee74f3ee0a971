"""NEW package types."""
