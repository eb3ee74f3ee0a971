"""Runs the bundle's job on this machine, and reports the state of every layer."""
