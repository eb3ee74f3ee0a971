"""CSV: files to parts that the engine parses itself, and to rows, exactly as Spark reads them."""
