"""Where statements may read and write files: the configured storage, and what the user allows."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from urllib.parse import unquote

from local_warehouse.errors import SqlError

_PLAIN = re.compile(r"[\w/.~+@,=-]", re.ASCII)


class Locations:
    """The folders, as URLs, under which every path of a statement must be."""

    def __init__(self, roots: Iterable[str]) -> None:
        self._roots = [normal_url(root) for root in roots]

    @property
    def have_local(self) -> bool:
        """Whether a folder of this machine is among them."""
        return any(root.startswith("file://") for root in self._roots)

    def check(self, path: str) -> str:
        """The path as a normalised URL.

        Raises SqlError (NO_PARENT_EXTERNAL_LOCATION_FOR_PATH) if it is under none of the folders.
        """
        url = normal_url(path)
        leaves = ".." in unquote(path).replace("\\", "").split("/")  # a glob may escape a dot
        if leaves or not any(f"{url}/".startswith(f"{root}/") for root in self._roots):
            raise SqlError(
                "NO_PARENT_EXTERNAL_LOCATION_FOR_PATH",
                f"No parent external location was found for path '{path}'. The local warehouse "
                f"reads and writes under {', '.join(self._roots)}; to allow another folder: "
                "local-warehouse up --allow-location URL.",
            )
        return url


def normal_url(path: str) -> str:
    """A path or URL as `s3://bucket/key` or `file:///path`, without a slash at its end."""
    scheme, separator, rest = path.partition("://")
    if not separator or scheme.lower() == "file":
        local = rest if separator else path.removeprefix("file:")
        return "file://" + posixpath.normpath("/" + local.lstrip("/")).rstrip("/")
    return f"{scheme.lower().replace('s3a', 's3')}://{rest}".rstrip("/")


def odd_characters(url: str) -> list[str]:
    """The characters of a location that delta-rs and the engine read in different ways.

    In a local path these are all that a URL would have to quote.
    """
    if url.startswith("file://"):
        return sorted({repr(character) for character in url[7:] if not _PLAIN.match(character)})
    return sorted(set(url) & set("?#%`"))
