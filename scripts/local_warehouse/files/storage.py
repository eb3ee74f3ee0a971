"""Objects in S3 (endpoint and keys from the AWS_* environment) and, if allowed, local files."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow.fs as pafs

from .errors import PathNotFound, ReadFilesError
from .globs import compile_glob, is_glob, literal_prefix, unescape

BLOCK_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class FoundFile:
    """One object: its URL as given to the caller, and where the file system has it."""

    url: str
    path: str
    size: int | None = None
    modified_at: datetime | None = None


class Storage:
    """Finds and reads objects. One instance serves many calls, from several threads."""

    def __init__(self, *, allow_local: bool = False) -> None:
        self._allow_local = allow_local

    @cached_property
    def _s3(self) -> Any:
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        settings: dict[str, Any] = {"region": region} if region else {}
        if endpoint:
            parts = urlsplit(endpoint)
            settings |= {"endpoint_override": parts.netloc, "scheme": parts.scheme}
        return pafs.S3FileSystem(**settings)

    def _locate(self, url: str) -> tuple[Any, str, str]:
        """The file system of a URL, the path in it, and the URL's part before that path."""
        scheme, separator, rest = url.partition("://")
        if scheme in ("s3", "s3a") and separator:
            return self._s3, rest, f"{scheme}://"
        if self._allow_local and (scheme == "file" or not separator):
            path = rest if separator else url.removeprefix("file:")
            return pafs.LocalFileSystem(), path, url.removesuffix(path)
        raise ReadFilesError(f"read_files: only s3:// paths can be read, not {url}")

    def find(self, url: str, name_glob: str | None = None) -> list[FoundFile]:
        """The files of a path, in order of their paths.

        A plain path costs no request here; a glob or a folder (a path that ends in a slash)
        lists. As in Spark, files whose name begins with `_` or `.` are hidden in listings.
        """
        system, path, prefix = self._locate(url)
        plain = unescape(path) if is_glob(path) else path
        if plain is not None and not plain.endswith("/") and name_glob is None:
            return [FoundFile(prefix + plain, plain)]
        found = self._list(system, path if plain is None else plain, is_pattern=plain is None)
        if name_glob is not None:
            pattern = compile_glob(name_glob)
            found = [info for info in found if pattern.fullmatch(info.base_name)]
        if not found:
            raise PathNotFound(url)
        return [FoundFile(prefix + f.path, f.path, f.size, f.mtime) for f in found]

    def _list(self, system: Any, path: str, *, is_pattern: bool) -> list[Any]:
        folder = literal_prefix(path).rpartition("/")[0] if is_pattern else path.rstrip("/")
        infos = system.get_file_info(
            pafs.FileSelector(folder, recursive=True, allow_not_found=True)
        )
        files = [
            info
            for info in infos
            if info.type == pafs.FileType.File and not info.base_name.startswith(("_", "."))
        ]
        if is_pattern:
            pattern = compile_glob(path)
            # A pattern may also match a folder, which stands for the files in it.
            files = [
                info
                for info in files
                if pattern.fullmatch(info.path) or pattern.fullmatch(info.path.rpartition("/")[0])
            ]
        return sorted(files, key=lambda info: str(info.path))

    def describe(self, file: FoundFile) -> FoundFile:
        """The same file with its size and time, asking the store only if they are not known."""
        if file.size is not None:
            return file
        system, _, _ = self._locate(file.url)
        info = system.get_file_info(file.path)
        if info.type != pafs.FileType.File:
            raise PathNotFound(file.url)
        return FoundFile(file.url, file.path, info.size, info.mtime)

    def read(self, file: FoundFile, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
        """The object's bytes in blocks."""
        system, _, _ = self._locate(file.url)
        try:
            stream = system.open_input_stream(file.path, compression=None)
        except FileNotFoundError:
            raise PathNotFound(file.url) from None
        with stream:
            while block := stream.read(block_bytes):
                yield block


def scratch_path(scratch: Path, name: str) -> Path:
    """A file's place in the scratch folder, which is made if need be."""
    scratch.mkdir(parents=True, exist_ok=True)
    return scratch / name
