"""NEW package session."""
