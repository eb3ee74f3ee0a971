"""NEW package planning."""
