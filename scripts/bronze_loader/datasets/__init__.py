"""The declared datasets: the source YAML, its globs, encodings and column names."""
