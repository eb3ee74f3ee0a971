"""Names of the catalog, made into what the engine knows: tables, views, files, functions."""
