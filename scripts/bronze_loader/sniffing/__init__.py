"""NEW package sniffing."""
