"""NEW package client."""
