"""The error that ends the command."""

from __future__ import annotations


class NewDatasetError(Exception):
    """Nothing was written. The message says what is wrong, with what, and what to do next."""
