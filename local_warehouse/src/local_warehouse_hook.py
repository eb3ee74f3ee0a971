"""Puts `services.dbt_connection`'s checks before what dbt-databricks does, whoever imports it.

dbt's command line, sqlfluff's templater and an editor's language server have no more in common.
Python imports this at each start (dbt_local_warehouse.pth), so it imports next to nothing, and no
package: pytest, which rewrites this distribution's assertions, warns of modules that were imported
before it, unless they say PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing's own is not worth its import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

# Modules of the adapter; in each the class that is changed, and the function that changes it.
_CHANGED = {
    "dbt.adapters.databricks.credentials": ("DatabricksCredentials", "check_before_login"),
    "dbt.adapters.databricks.impl": ("DatabricksAdapter", "check_before_parsing"),
}


class _AdapterFinder:
    """Finds these modules, once each, and changes them when they have been loaded."""

    def __init__(self) -> None:
        self._finding: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _CHANGED or fullname in self._finding:
            return None
        from importlib.util import find_spec

        self._finding.add(fullname)  # the others find it
        spec = find_spec(fullname)
        loader: Any = spec.loader if spec else None
        if loader is not None:
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                from local_warehouse.services import dbt_connection

                execute(module)
                name, change = _CHANGED[fullname]
                getattr(dbt_connection, change)(getattr(module, name))

            loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _AdapterFinder())
