"""From a file's first bytes to its header: compression, encoding, CSV dialect, column names."""
