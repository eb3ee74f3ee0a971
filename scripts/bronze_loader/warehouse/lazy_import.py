"""Imports that are carried out when something of the module is used, not at the `import`, or not at
all.

The standard library's LazyLoader does not do: in Python 3.11 the second `import` of a module ends
its laziness (https://github.com/python/cpython/issues/127036).
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any


def defer_import(name: str) -> None:
    """Let `import name` give a stand-in, unless the module is imported already."""
    if name not in sys.modules and (spec := importlib.util.find_spec(name)):
        sys.modules[name] = _StandIn(name)
        sys.modules[name].__spec__ = spec


def import_without(absent: str, name: str) -> None:
    """Import a module that uses another one where there is one, as if there were none. Changes
    nothing where one of the two is imported already. Only for a process that will not use the two
    together: Arrow that was imported without numpy ends the process when it is to make arrays."""
    if absent in sys.modules or name in sys.modules:
        return
    sys.modules[absent] = None  # type: ignore[assignment]  # its import is an ImportError
    try:
        importlib.import_module(name)
    finally:
        del sys.modules[absent]


class _StandIn(ModuleType):
    """Gives what the module gives; the first time by importing it in this one's place."""

    def __getattr__(self, attribute: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), attribute)
