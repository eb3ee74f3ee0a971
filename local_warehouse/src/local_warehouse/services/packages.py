"""Packages of the Python environment beside which the warehouse cannot work."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from local_warehouse.services.errors import LocalWarehouseError


def check() -> None:
    """Raise LocalWarehouseError where `sqlglotc` is installed, the compiled form of sqlglot: its
    classes cannot be extended, and the warehouse's dialect extends them."""
    try:
        found = version("sqlglotc")
    except PackageNotFoundError:
        return
    raise LocalWarehouseError(
        f"sqlglotc {found} is installed: it replaces sqlglot by a compiled form that the warehouse "
        "cannot extend. Uninstall it (`pip uninstall sqlglotc`); sqlglot stays and does the same."
    )
