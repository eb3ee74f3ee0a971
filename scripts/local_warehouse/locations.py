"""Where statements may read and write files: the configured storage, and what the user allows."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from local_warehouse.errors import SqlError


class Locations:
    """The folders, as URLs, under which every path of a statement must be."""

    def __init__(self, roots: Iterable[str]) -> None:
        self._roots = [normalised(root) for root in roots]

    @property
    def have_local(self) -> bool:
        return any(root.startswith("file://") for root in self._roots)

    def check(self, path: str) -> str:
        """The path as a URL of one form. Raises SqlError if it is under no folder."""
        url = normalised(path)
        leaves = ".." in unquote(url).split("/")
        if leaves or not any(f"{url}/".startswith(f"{root}/") for root in self._roots):
            raise SqlError(
                "NO_PARENT_EXTERNAL_LOCATION_FOR_PATH",
                f"No parent external location was found for path '{path}'. The local warehouse "
                f"reads and writes under {', '.join(self._roots)}; to allow another folder: "
                "local-warehouse up --allow-location URL.",
                "22KD1",
            )
        return url


def normalised(path: str) -> str:
    """`s3://bucket/key` or `file:///path`, without a slash at its end."""
    parts = urlsplit(path) if "://" in path else urlsplit("file://" + path.removeprefix("file:"))
    if parts.scheme.lower() == "file":
        return "file://" + posixpath.normpath("/" + parts.path.lstrip("/")).rstrip("/")
    scheme = parts.scheme.lower().replace("s3a", "s3")
    return f"{scheme}://{path.partition('://')[2]}".rstrip("/")
