"""Decisions without I/O: what to do with which file, which are copies, what one statement takes."""
