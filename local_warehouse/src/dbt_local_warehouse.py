"""A plugin of dbt: a local warehouse that is down, or that has moved, is said at once.

dbt imports each module whose name begins with `dbt_`, and makes its `plugins` once the profile is
read and before it connects. Without this, Databricks' SDK would ask a dead port for five minutes.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from dbt.plugins.manager import dbtPlugin
from dbt_common.exceptions import DbtRuntimeError

from local_warehouse.services.certificates import Certificates

# Commands that ask no warehouse anything.
_OFFLINE = {"clean", "deps", "init", "list", "ls", "parse", "serve"}
# Each wins over the value in profiles.yml; with the host that stands there, none can be meant.
_MIXED = {"DATABRICKS_TOKEN", "DATABRICKS_HTTP_PATH", "DATABRICKS_CATALOG"}
_LOOPBACK = ("localhost", "127.0.0.1")


class LocalWarehousePlugin(dbtPlugin):
    """Looks whether the local warehouse that a profile names is there, and makes it trusted."""

    def initialize(self) -> None:
        """Check the profile of this command. Raises DbtRuntimeError when nobody listens there."""
        context = click.get_current_context(silent=True)
        if context is None or not context.obj or context.obj["flags"].WHICH in _OFFLINE:
            return
        credentials = context.obj["profile"].credentials
        address = urlsplit(f"https://{credentials.host or ''}")
        if address.hostname not in _LOOPBACK:
            return
        if "DATABRICKS_HOST" not in os.environ and (others := _MIXED & os.environ.keys()):
            raise DbtRuntimeError(
                f"{', '.join(sorted(others))} is of another workspace, as DATABRICKS_HOST is not "
                "set.\nUnset it to use the local warehouse, or set them all."
            )
        _trust(credentials)
        try:
            socket.create_connection((address.hostname, address.port or 443), timeout=2).close()
        except OSError:
            # dbt shows what follows the first line
            raise DbtRuntimeError(_what_to_do(f"https://{address.netloc}")) from None


def _trust(credentials: Any) -> None:
    """Let Databricks' SDK, which asks the host as well, trust the authority that the profile names.

    It knows no setting but those of `requests`, which reads them at each request. Raises
    DbtRuntimeError when the authority has been deleted.
    """
    authority = (credentials.connection_parameters or {}).get("_tls_trusted_ca_file")
    if not authority:
        return
    if not Path(authority).is_file():
        raise DbtRuntimeError(
            f"The local warehouse's data has been deleted or moved: {authority} is missing.\n"
            "Run `local-warehouse up`, which starts with none."
        )
    bundle = Certificates(Path(authority).parent).bundle
    if bundle.is_file():
        os.environ["REQUESTS_CA_BUNDLE"] = str(bundle)


def _what_to_do(address: str) -> str:
    """What has happened to the warehouse at an address, and the command that helps."""
    if os.environ.get("DATABRICKS_HOST", "").rstrip("/") == address:
        return (
            f"No warehouse listens at {address}, which this shell's DATABRICKS_HOST names.\n"
            'Run `eval "$(local-warehouse env)"`, which starts it and renews the settings.'
        )
    return f"No warehouse listens at {address}.\nRun `local-warehouse up`, which starts it."


plugins = [LocalWarehousePlugin]
