"""Loads the CSV files of a landing bucket into bronze Delta tables, each file exactly once.

The loader drives a SQL warehouse and moves no rows itself. A run goes through these packages:
list (`landing`), plan (`planning`), read headers (`sniffing`), load and log (`warehouse`), in the
order that `run` keeps. docs/loader.md says what happens to which kind of file.
"""
