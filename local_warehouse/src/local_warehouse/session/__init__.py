"""Sessions, the warehouse that they share, and the context in which a statement runs."""
