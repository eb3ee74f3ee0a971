"""The warehouse that these tests examine, with what they look at and users do not."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local_warehouse.testing import BIN, LocalWarehouse, outer_environment, run

__all__ = ["BIN", "ROOT", "WarehouseUnderTest", "outer_environment"]
ROOT = Path(__file__).resolve().parents[1]


class WarehouseUnderTest(LocalWarehouse):
    """A local warehouse with its processes, its stored objects and its error conditions."""

    def run(
        self, *command: str, check: bool = True, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the clients' environment."""
        return run(command, self.env | env, check=check)

    def fails(self, statement: str, condition: str) -> str:
        """Return the message of a statement that must fail with this error condition."""
        from databricks.sql.exc import Error

        with pytest.raises(Error) as caught:
            self.sql(statement)
        assert f"[{condition}" in str(caught.value)
        return str(caught.value)

    def processes(self, measure: str) -> list[str]:
        """What ps says of the server and of its engine, such as their `time` or `rss`."""
        state = json.loads((self.state / "state.json").read_text())
        server = str(state["services"]["warehouse"]["pid"])
        listed = subprocess.run(
            ["ps", "-A", "-o", f"pid=,ppid=,{measure}="], capture_output=True, text=True, check=True
        )
        lines = map(str.split, listed.stdout.splitlines())
        return [found for pid, parent, found in lines if server in (pid, parent)]

    def objects(self, url: str) -> list[str]:
        """The URLs of what is stored below a location, on S3 or on disk."""
        place = urlsplit(url)
        if place.scheme == "file":
            found = sorted(path for path in Path(place.path).rglob("*") if path.is_file())
            return [f"file://{path}" for path in found]
        prefix = f"{place.path.lstrip('/')}/"
        listed = self.s3.list_objects_v2(Bucket=place.netloc, Prefix=prefix)
        return [f"s3://{place.netloc}/{entry['Key']}" for entry in listed.get("Contents", [])]

    def read(self, url: str) -> bytes:
        """The content of an object or a file."""
        place = urlsplit(url)
        if place.scheme == "file":
            return Path(place.path).read_bytes()
        found = self.s3.get_object(Bucket=place.netloc, Key=place.path[1:])
        content: bytes = found["Body"].read()
        return content

    def write(self, url: str, body: bytes) -> None:
        """Put an object, or write a file with the folders above it."""
        place = urlsplit(url)
        if place.scheme == "file":
            Path(place.path).parent.mkdir(parents=True, exist_ok=True)
            Path(place.path).write_bytes(body)
        else:
            self.s3.put_object(Bucket=place.netloc, Key=place.path[1:], Body=body)

    def delete(self, url: str) -> None:
        """Delete an object or a file."""
        place = urlsplit(url)
        if place.scheme == "file":
            Path(place.path).unlink()
        else:
            self.s3.delete_object(Bucket=place.netloc, Key=place.path[1:])

    def land(self, *files: tuple[str, bytes]) -> str:
        """Put files under a prefix of their own; return its URL, with a slash at the end."""
        landing = urlsplit(self.env["LANDING_URL"])
        prefix = f"{landing.path.lstrip('/')}{uuid.uuid4().hex}/"
        for name, body in files:
            self.s3.put_object(Bucket=landing.netloc, Key=prefix + name, Body=body)
        return f"s3://{landing.netloc}/{prefix}"
