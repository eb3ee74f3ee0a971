"""The metastore: what catalogs, schemas, tables, views, functions and grants there are."""
