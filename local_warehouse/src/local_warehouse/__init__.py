"""A SQL warehouse on this machine that clients take for one of Databricks: see README.md."""
