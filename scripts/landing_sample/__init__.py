"""Writes sample files, realistically dirty and the same each time, into the landing bucket."""
