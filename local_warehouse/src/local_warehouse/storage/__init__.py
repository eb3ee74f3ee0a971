"""NEW package storage."""
