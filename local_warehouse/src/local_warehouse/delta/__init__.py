"""Delta tables below the SQL level: their logs, their schemas and their commits."""
