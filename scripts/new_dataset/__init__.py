"""The command `new-dataset`: from sample files to a dataset's declaration, models and tests."""
