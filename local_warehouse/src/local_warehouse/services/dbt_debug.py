"""The check of `dbt_local_warehouse` for `dbt debug`, which loads no plugins of dbt.

`dbt_local_warehouse.pth`, which Python reads when it starts, calls `watch` where the command line
has the word `debug`, and loads nothing otherwise.
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

_MODULE = "dbt.task.debug"


def watch() -> None:
    """Let `dbt debug` look whether a local warehouse is there before it connects to it."""
    sys.meta_path.insert(0, _DebugFinder())


class _DebugFinder(MetaPathFinder):
    """Finds dbt's module of this command, once, and changes it when it has been loaded."""

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


def _check_first(debug: Any) -> None:
    """Put the plugin's check before the attempt to connect, whose answer is None or an error."""
    connect = debug.DebugTask.attempt_connection

    def attempt_connection(profile: Any) -> str | None:
        prepare = import_module("dbt_local_warehouse").prepare
        wrong: str | None = prepare(profile.credentials) or connect(profile)
        return wrong

    debug.DebugTask.attempt_connection = staticmethod(attempt_connection)
