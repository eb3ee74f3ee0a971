"""The classes of dbt-tests-adapter, made ready for dbt-databricks on the local warehouse.

They are found in the installed package, so that a new release brings its new tests. What cannot
pass is listed with the reason in `adapter_exceptions.py`; a listed class that passes fails.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import dbt.tests.adapter
import pytest
import yaml
from adapter_exceptions import ABSTRACT, FAILS, NOT_FOR_DATABRICKS
from adapter_overrides import OVERRIDES, speak_databricks

# Classes that are run with the adapter's other materializations too.
TWICE = {
    "BaseChangeRelationTypeValidator", "BaseConstraintsRollback", "BaseGenericTests",
    "BaseHookRefs", "BaseIncremental", "BaseIncrementalOnSchemaChange",
    "BaseIncrementalPredicates", "BaseIncrementalUniqueKey", "BaseMergeExcludeColumns",
    "BaseModelGrants", "BasePersistDocs", "BaseSimpleMaterializations",
    "BaseTableConstraintsColumnsEqual", "BaseTableMaterialization",
}  # fmt: skip


class MaterializationV2:
    """The project's flag `use_materialization_v2`, besides what the class configures, and the
    safer way to replace a table: beside the old one, then by renaming."""

    @pytest.fixture(scope="class")
    def dbt_project_yml(self, dbt_project_yml: dict[str, Any], project_root: Path) -> Any:
        """The project with the flag, and with the setting for all models."""
        dbt_project_yml.setdefault("flags", {})["use_materialization_v2"] = True
        dbt_project_yml.setdefault("models", {})["+use_safer_relation_operations"] = True
        (Path(project_root) / "dbt_project.yml").write_text(yaml.safe_dump(dbt_project_yml))
        return dbt_project_yml


def classes(only: Collection[str] | None = None) -> dict[str, type[Any]]:
    """Test classes by the names under which pytest shows them."""
    found: dict[str, type[Any]] = {}
    for name, base in _bases():
        key = base.__name__
        if key in ABSTRACT or key in NOT_FOR_DATABRICKS or (only is not None and key not in only):
            continue
        bases = (OVERRIDES[key], base) if key in OVERRIDES else (base,)
        found[f"Test_{name}"] = _expected(key, type(f"Test_{name}", bases, {}))
        if key in TWICE and only is None:
            second = type(f"Test_v2_{name}", (MaterializationV2, *bases), {})
            found[second.__name__] = _expected(f"v2 {key}", second)
    return found


def category(class_name: str) -> str:
    """What a test class is about: the folder it is in, or a word for those of this distribution."""
    if not class_name.startswith("Test_"):
        return "databricks"
    name = class_name.removeprefix("Test_")
    generation = "v2 " if name.startswith("v2_") else ""
    return generation + name.removeprefix("v2_").rpartition("_")[0]


def _expected(key: str, test_class: type[Any]) -> type[Any]:
    if key not in FAILS:
        return test_class
    marked: type[Any] = pytest.mark.xfail(reason=FAILS[key], strict=True)(test_class)
    return marked


def _bases() -> Iterator[tuple[str, type[Any]]]:
    """The classes that are there to be inherited; those named Test… are for Postgres."""
    root = Path(next(iter(dbt.tests.adapter.__path__)))
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        module = importlib.import_module(".".join((dbt.tests.adapter.__name__, *parts)))
        speak_databricks(module)
        for name, found in vars(module).items():
            if not inspect.isclass(found) or name.startswith("Test"):
                continue
            has_tests = any(attribute.startswith("test_") for attribute in dir(found))
            if found.__module__ == module.__name__ and has_tests:
                yield "_".join((*parts[:-1], name)), found
