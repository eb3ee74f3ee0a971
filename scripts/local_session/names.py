"""The names that dbt_project.yml and databricks.yml give the project and its schemas."""

from __future__ import annotations

import os
from typing import Any

import yaml

from local_session import SessionError, project_root

LAYERS = ("bronze", "silver", "gold")


def layer_schemas(prefix: str = "") -> dict[str, str]:
    """The schema of each layer, by the variable `schemas` of dbt_project.yml, in lower case as
    `information_schema` has it; with a prefix, `<prefix>_<name>`, as dbt's target `dev` does."""
    named = _read("dbt_project.yml").get("vars", {}).get("schemas", {})
    before = f"{prefix}_" if prefix else ""
    return {layer: f"{before}{named.get(layer, layer)}".lower() for layer in LAYERS}


def default_schemas(*, is_local: bool) -> dict[str, str]:
    """The schema of each layer where none is named, as dbt's default target has it: its name alone
    on this machine; on a workspace with the user's own prefix, as `dev` of profiles.yml does."""
    own = os.environ.get("DBT_SCHEMA") or f"dev_{os.environ.get('USER') or 'me'}"
    return layer_schemas("" if is_local else own)


def dbt_profile() -> str:
    """The key in profiles.yml that the project uses."""
    return str(_read("dbt_project.yml")["profile"])


def bundle_name() -> str:
    """The bundle's name, which its credentials, locations and secret scope have by default."""
    return str(_read("databricks.yml")["bundle"]["name"])


def _read(name: str) -> dict[str, Any]:
    try:
        text = (project_root() / name).read_text("utf-8")
    except FileNotFoundError:
        message = f"There is no {name} in {project_root()}. Run this inside the project."
        raise SessionError(message) from None
    document: dict[str, Any] = yaml.safe_load(text)
    return document
