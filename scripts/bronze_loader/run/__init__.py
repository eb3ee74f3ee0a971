"""NEW package run."""
