"""NEW local_warehouse/src/local_warehouse/__init__.py"""
