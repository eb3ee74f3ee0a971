"""Proves in a workspace, once, what the project could only assume of it: `prove-workspace`."""
