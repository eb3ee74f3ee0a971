"""Makes in a workspace what a bundle cannot: credentials, grants and values of secrets."""
