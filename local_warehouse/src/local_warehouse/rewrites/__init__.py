"""NEW package rewrites."""
