"""JSON, Parquet, text and binary files: each becomes rows of one schema, in one Parquet file."""
