"""The environment that commands run in: all that ties a client to the local warehouse."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from local_warehouse.services.certificates import Certificates
from local_warehouse.services.s3_server import S3Settings
from local_warehouse.services.state import Secrets, StateDirectory

CATALOG = "main"
HTTP_PATH = "/sql/1.0/warehouses/local"

# Settings for another workspace or account that would win over, or contradict, the ones below.
_FOREIGN_PREFIXES = ("DATABRICKS_", "ARM_")
_FOREIGN_NAMES = (
    "AWS_ENDPOINT_URL_S3",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
)


def command_environment(
    base: Mapping[str, str],
    directory: StateDirectory,
    secrets: Secrets,
    storage: S3Settings,
    warehouse_port: int,
) -> dict[str, str]:
    """`base` with everything a client of the local warehouse and S3 needs."""
    certificates = Certificates(directory.certificates)
    bundle = str(certificates.bundle)
    programs = str(Path(sys.executable).parent)
    environment = without_foreign_settings(base)
    search_path = environment.get("PATH", os.defpath).split(os.pathsep)
    return environment | {
        **storage.environment(),
        "DATABRICKS_HOST": f"https://localhost:{warehouse_port}",
        "DATABRICKS_HTTP_PATH": HTTP_PATH,
        "DATABRICKS_TOKEN": secrets.token,
        "DATABRICKS_CATALOG": CATALOG,
        "LOCAL_WAREHOUSE_CA_FILE": str(certificates.authority),
        "SSL_CERT_FILE": bundle,
        "REQUESTS_CA_BUNDLE": bundle,
        "LAKEHOUSE_STATE": str(directory.path),
        "PATH": os.pathsep.join([programs, *(part for part in search_path if part != programs)]),
    }


def without_foreign_settings(base: Mapping[str, str]) -> dict[str, str]:
    """`base` without settings for other workspaces and accounts, and with loopback unproxied."""
    environment = {
        name: value
        for name, value in base.items()
        if not name.startswith(_FOREIGN_PREFIXES) and name not in _FOREIGN_NAMES
    }
    known = base.get("no_proxy") or base.get("NO_PROXY") or ""
    hosts = [host for host in known.split(",") if host]
    hosts += [host for host in ("localhost", "127.0.0.1") if host not in hosts]
    return environment | dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(hosts))


def changes(environment: Mapping[str, str], base: Mapping[str, str]) -> dict[str, str]:
    """The variables of `environment` that differ from `base`, or are not in it."""
    return {name: value for name, value in environment.items() if base.get(name) != value}


def removals(environment: Mapping[str, str], base: Mapping[str, str]) -> list[str]:
    """The names of the variables of `base` that are not in `environment`."""
    return [name for name in base if name not in environment]
