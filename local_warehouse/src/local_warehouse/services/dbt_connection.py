"""The check of `dbt_local_warehouse` for `dbt debug` and sqlfluff, which load no plugins of dbt.

`dbt_local_warehouse.pth`, which Python reads when it starts, calls `watch` where the command line
has one of these words, and loads nothing otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_MODULE = "dbt.adapters.databricks.credentials"


def watch() -> None:
    """Let a connection of dbt-databricks look first whether a local warehouse is there."""
    sys.meta_path.insert(0, _CredentialsFinder())


class _CredentialsFinder(MetaPathFinder):
    """Finds the adapter's module of credentials, once, and changes it when it has been loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _MODULE:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        loader: Any = spec.loader if spec else None
        if loader is not None:
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                _check_first(module)

            loader.exec_module = exec_module
        return spec


def _check_first(credentials: Any) -> None:
    """Put the plugin's check before the login, which is the first that a connection does."""
    log_in = credentials.DatabricksCredentials.authenticate

    def authenticate(self: Any) -> Any:
        if wrong := import_module("dbt_local_warehouse").prepare(self):
            raise import_module("dbt_common.exceptions").DbtRuntimeError(wrong)
        return log_in(self)

    credentials.DatabricksCredentials.authenticate = authenticate
