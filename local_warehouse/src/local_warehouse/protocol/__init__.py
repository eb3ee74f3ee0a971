"""NEW local_warehouse/src/local_warehouse/protocol/__init__.py"""
