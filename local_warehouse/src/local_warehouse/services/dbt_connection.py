"""Looks whether the local warehouse is there before dbt-databricks uses it, and makes it trusted.

Without this, Databricks' SDK would ask a dead port for five minutes, and so a living one whose
certificate it does not trust, or port 443 where the profile has the port in `_port`.
`local_warehouse_hook` puts it in place.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import certifi
import click
from databricks.sdk import config
from dbt_common.exceptions import DbtRuntimeError

from local_warehouse.services.certificates import Certificates

# Commands of dbt that ask no warehouse anything, and the one that lists what it has found out.
_WITHOUT_CHECK = {"clean", "debug", "deps", "init", "list", "ls", "parse", "serve"}
# Each wins over the value in profiles.yml; with the host that stands there, none can be meant.
_MIXED = {"DATABRICKS_TOKEN", "DATABRICKS_HTTP_PATH", "DATABRICKS_CATALOG"}
_FROM_A_SHELL = (
    'Run `eval "$(local-warehouse env)"` first, or the command by `local-warehouse exec -- …`.'
)
_LOOPBACK = ("localhost", "127.0.0.1")
_PATIENCE = 60  # seconds


def check_before_login(credentials: type[Any]) -> None:
    """Make `authenticate`, with which each connection of the adapter begins, check first.

    It raises DbtRuntimeError when the warehouse of the profile cannot be used.
    """
    log_in = credentials.authenticate

    def authenticate(self: Any) -> Any:
        if wrong := prepare(self):
            raise DbtRuntimeError(wrong)
        return log_in(self)

    credentials.authenticate = authenticate
    _answer_for_local_hosts()


def _answer_for_local_hosts() -> None:
    """Let the SDK not ask a local warehouse what kind of workspace it is, which a token needs not.

    It asks by no parameter of the profile, and so neither its `_port` nor without verifying.
    """
    sdk: Any = config
    ask = getattr(sdk, "get_host_metadata", None)
    if ask is None:
        return  # an SDK that asks nothing
    from databricks.sdk.oauth import HostMetadata

    def get_host_metadata(host: str, *others: Any) -> Any:
        is_local = urlsplit(host).hostname in _LOOPBACK
        return HostMetadata("") if is_local else ask(host, *others)

    sdk.get_host_metadata = get_host_metadata


def check_before_parsing(adapter: type[Any]) -> None:
    """Make a command of dbt that will connect check already when it makes its adapter, which is
    before it parses the project.

    It raises DbtRuntimeError as above.
    """
    make = adapter.__init__

    def __init__(self: Any, config: Any, *others: Any, **named: Any) -> None:
        if _will_connect() and (wrong := prepare(config.credentials)):
            raise DbtRuntimeError(wrong)
        make(self, config, *others, **named)

    adapter.__init__ = __init__


def _will_connect() -> bool:
    """Whether this is a command of dbt's command line that asks the warehouse something."""
    context = click.get_current_context(silent=True)
    flags = context.obj.get("flags") if context and isinstance(context.obj, dict) else None
    return flags is not None and getattr(flags, "WHICH", None) not in {None, *_WITHOUT_CHECK}


def prepare(credentials: Any) -> str | None:
    """Make the local warehouse of a profile trusted; what is wrong with it, and what to do, if any.

    A profile of another host is left alone.
    """
    parameters = credentials.connection_parameters or {}
    address = _address(credentials.host or "", parameters)
    if address.hostname not in _LOOPBACK:
        return None
    if "DATABRICKS_HOST" not in os.environ and (others := _MIXED & os.environ.keys()):
        return (
            f"{', '.join(sorted(others))} is of another workspace, as DATABRICKS_HOST is not "
            "set.\nUnset it to use the local warehouse, or set them all."
        )
    parameters.setdefault("enable_telemetry", False)  # would first ask a server on the internet
    authority = parameters.get("_tls_trusted_ca_file")
    if authority and not Path(authority).is_file():
        return (
            f"The local warehouse's data has been deleted or moved: {authority} is missing.\n"
            "Run `local-warehouse up`, which starts with none."
        )
    if authority:
        _trust(Path(authority))
    try:
        trusting = _trusting(authority)
        if parameters.get("_tls_no_verify"):
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    except OSError as error:
        return f"The authorities to trust cannot be read: {error}.\n{_FROM_A_SHELL}"
    try:
        _shake_hands(address.hostname, address.port or 443, trusting)
    except ssl.SSLError as error:
        if authority or not isinstance(error, ssl.SSLCertVerificationError):
            return _what_to_do("Another program listens at {}", address)
        return (
            f"https://{address.netloc} has a certificate that is not trusted here "
            f"({error.verify_message}), and the profile names no `_tls_trusted_ca_file`.\n"
            f"{_FROM_A_SHELL}"
        )
    except TimeoutError:
        return (
            f"The warehouse at https://{address.netloc} has not answered for {_PATIENCE} s.\n"
            "It may be busy; `local-warehouse down` ends it, and `up` starts it again."
        )
    except (OSError, ValueError):
        return _what_to_do("No warehouse listens at {}", address)
    return None


def _address(host: str, parameters: Mapping[str, Any]) -> SplitResult:
    """Where the connector connects: a profile names the port in any of three places."""
    if uri := parameters.get("_connection_uri"):
        return urlsplit(str(uri))
    port = parameters.get("_port")
    return urlsplit(f"https://{host}" + (f":{port}" if port and ":" not in host else ""))


def _trust(authority: Path) -> None:
    """Let Databricks' SDK, which asks the host as well, trust the authority that the profile names.

    It knows no setting but those of `requests`, which reads them at each request.
    """
    bundle = Certificates(authority.parent).bundle
    if bundle.is_file():
        os.environ["REQUESTS_CA_BUNDLE"] = str(bundle)


def _trusting(authority: str | None) -> ssl.SSLContext:
    """What trusts a profile's authority, else those that `requests` does, with which the SDK would
    ask for minutes. Raises OSError when they cannot be read."""
    named = authority or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    bundle = Path(named or certifi.where())
    is_folder = bundle.is_dir()
    return ssl.create_default_context(
        cafile=None if is_folder else bundle, capath=bundle if is_folder else None
    )


def _shake_hands(host: str, port: int, trusting: ssl.SSLContext) -> None:
    """Raises OSError when nobody listens, TimeoutError when nobody answers, which a warehouse with
    much to do does late, and SSLError when it is somebody else."""
    with socket.create_connection((host, port), timeout=_PATIENCE) as plain:
        trusting.wrap_socket(plain, server_hostname=host).close()


def _what_to_do(happened: str, address: SplitResult) -> str:
    """What has happened at an address, and the command that helps."""
    place = f"https://{address.netloc}"
    if os.environ.get("DATABRICKS_HOST", "").rstrip("/") == place:
        return (
            f"{happened.format(place)}, which this shell's DATABRICKS_HOST names.\n"
            'Run `eval "$(local-warehouse env)"`, which starts it and renews the settings.'
        )
    return f"{happened.format(place)}.\nRun `local-warehouse up`, which starts it."
