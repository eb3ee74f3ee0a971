"""NEW local_warehouse/src/local_warehouse/catalog/__init__.py"""
