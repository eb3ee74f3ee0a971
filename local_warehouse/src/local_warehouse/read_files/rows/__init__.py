"""NEW package rows."""
