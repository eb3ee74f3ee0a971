"""The SQL client of the command line: statements, results as tables, CSV or JSON, the prompt."""
