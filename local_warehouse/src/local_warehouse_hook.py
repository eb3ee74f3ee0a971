"""Puts `services.dbt_connection`'s check before the logins of dbt-databricks, whoever imports it.

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

_MODULE = "dbt.adapters.databricks.credentials"


class _CredentialsFinder:
    """Finds the adapter's module of credentials, once, and changes it when it has been loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _MODULE:
            return None
        from importlib.util import find_spec

        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        loader: Any = spec.loader if spec else None
        if loader is not None:
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                from local_warehouse.services.dbt_connection import check_before_login

                execute(module)
                check_before_login(module.DatabricksCredentials)

            loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _CredentialsFinder())
