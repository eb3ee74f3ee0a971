"""The package could be taken out of the project as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from warehouse_under_test import ROOT

SCRIPTS = ROOT / "scripts"
PACKAGE = SCRIPTS / "local_warehouse"


def imported(module: Path) -> Iterator[str]:
    """The first part of every name that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]


def test_it_imports_nothing_of_the_project_and_the_project_nothing_of_it() -> None:
    packages = {path.parent.name for path in SCRIPTS.glob("*/__init__.py")}
    entries = {path.stem for path in SCRIPTS.glob("*.py")}
    others = (packages | entries) - {PACKAGE.name}
    assert others
    for module in SCRIPTS.rglob("*.py"):
        forbidden = others if PACKAGE in module.parents else {PACKAGE.name}
        assert not forbidden & set(imported(module)), module
    assert "local_warehouse" in set(imported(PACKAGE / "server.py"))
