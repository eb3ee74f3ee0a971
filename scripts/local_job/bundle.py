"""Reads the bundle: databricks.yml, the files it includes, and its ${…} references.

On this machine the target is `local`. A variable has the value of BUNDLE_VAR_<name>, of the local
services, or its default; resources are as they are defined, as nothing is deployed.

Only the part of the format is read that a run on this machine needs. The whole format:
https://docs.databricks.com/aws/en/dev-tools/bundles/settings
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

LOCAL_TARGET = "local"
_REFERENCE = re.compile(r"\$\{([^{}]+)\}")

# Variables whose value a run on this machine takes from the environment, before their default.
_FROM_ENVIRONMENT = {
    "catalog": "DATABRICKS_CATALOG",
    "landing_url": "LANDING_URL",
    "lakehouse_url": "LAKEHOUSE_URL",
}
_Resources = dict[str, dict[str, dict[str, Any]]]  # by type, then by key


class BundleError(Exception):
    """The bundle cannot be read, or a reference in it cannot be resolved."""


@dataclass(frozen=True)
class Bundle:
    """A bundle. `folders` maps a job's key to the folder that its relative paths start from."""

    root: Path
    name: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    resources: _Resources = field(default_factory=dict)
    folders: Mapping[str, Path] = field(default_factory=dict)

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """The definitions of the jobs, by key."""
        return self.resources.get("jobs", {})

    @property
    def schemas(self) -> dict[str, str]:
        """The names of the schemas, by key. Raises BundleError."""
        defined = self.resources.get("schemas", {})
        return {key: self.resolve(schema["name"]) for key, schema in defined.items()}

    def resolve(self, value: Any) -> Any:
        """The value with its ${…} references replaced, in lists and mappings too.

        Raises BundleError for a reference that means nothing in a run on this machine.
        """
        if isinstance(value, str):
            return _REFERENCE.sub(lambda found: self._lookup(found.group(1)), value)
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if isinstance(value, dict):
            return {key: self.resolve(item) for key, item in value.items()}
        return value

    def _lookup(self, reference: str, seen: tuple[str, ...] = ()) -> str:
        if reference == "bundle.target":
            return LOCAL_TARGET
        if reference == "bundle.name":
            return self.name
        if reference in seen:
            raise BundleError(f"${{{reference}}} is defined by itself.")
        match reference.split("."):
            case ["var", name] if name in self.variables:
                value = self._variable(name)
            case ["resources", kind, key, name] if key in self.resources.get(kind, {}):
                value = self._resource(kind, key, name)
            case _:
                raise BundleError(f"${{{reference}}} has no meaning in a run on this machine.")
        return _REFERENCE.sub(
            lambda found: self._lookup(found.group(1), (*seen, reference)), str(value)
        )

    def _variable(self, name: str) -> Any:
        """A variable's value: BUNDLE_VAR_<name>, as the Databricks CLI; environment, as for the
        warehouse in use; default."""
        local = _FROM_ENVIRONMENT.get(name, "")
        for value in (os.environ.get(f"BUNDLE_VAR_{name}"), os.environ.get(local)):
            if value:
                return value
        if name == "warehouse_id":
            return _warehouse_in_use()
        definition = self.variables[name]
        if isinstance(definition, dict) and "default" in definition:
            return definition["default"]
        unset = " On a laptop none is needed: unset DATABRICKS_HOST, which names a warehouse."
        hint = unset if local and os.environ.get("DATABRICKS_HOST") else ""
        raise BundleError(f"The variable {name} has no value. Set BUNDLE_VAR_{name}.{hint}")

    def _resource(self, kind: str, key: str, name: str) -> Any:
        """A field of a resource; the id of a SQL warehouse is that of the one in use."""
        if name != "id":
            return self.resources[kind][key].get(name, "")
        if kind != "sql_warehouses":
            return key
        return _warehouse_in_use()


def _warehouse_in_use() -> str:
    """The id of the SQL warehouse that the environment names. Raises BundleError."""
    path = os.environ.get("DATABRICKS_HTTP_PATH")
    if not path:
        raise BundleError("DATABRICKS_HTTP_PATH is not set: which SQL warehouse is meant?")
    return path.rsplit("/", 1)[-1]


def read_bundle(root: Path) -> Bundle:
    """The bundle of the project in `root`. Raises BundleError when it cannot be read."""
    main = root / "databricks.yml"
    if not main.is_file():
        raise BundleError(f"There is no databricks.yml in {root}. Run this inside the project.")
    settings = _read(main)
    documents = [(settings, root)]
    for pattern in settings.get("include", []):
        documents += [(_read(path), path.parent) for path in sorted(root.glob(pattern))]
    variables: dict[str, Any] = {}
    resources: _Resources = {}
    folders: dict[str, Path] = {}
    for document, folder in documents:
        variables |= document.get("variables") or {}
        for kind, defined in (document.get("resources") or {}).items():
            resources.setdefault(kind, {}).update(defined)
            if kind == "jobs":
                folders |= dict.fromkeys(defined, folder)
    name = (settings.get("bundle") or {}).get("name", root.name)
    return Bundle(root, name, variables, resources, folders)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise BundleError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise BundleError(f"{path} is not a mapping.")
    return document
