"""Loads the CSV files of a landing bucket into bronze Delta tables, each file exactly once.

The loader drives a SQL warehouse and moves no rows itself:
discover (`landing`), plan (`plan`), sniff (`headers`), land (`statements`, `load`), log (`load`).
docs/loader.md says what happens to which kind of file.
"""
