"""NEW package datasets."""
