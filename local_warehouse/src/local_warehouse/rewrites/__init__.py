"""Forms of Databricks SQL that the engine does not read or computes otherwise, written anew."""
