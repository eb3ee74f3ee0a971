"""What the loader asks of the SQL warehouse: its connection, its statements, tables and log."""
