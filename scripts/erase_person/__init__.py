"""Erases a person from the landing files, so from every layer, and proves it: `erase-person`."""
