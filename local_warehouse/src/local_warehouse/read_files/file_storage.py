"""Objects in S3 (endpoint and keys from the AWS_* environment) and, if allowed, local files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from botocore.exceptions import ClientError
from obstore.exceptions import GenericError, PreconditionError

from local_warehouse.read_files.errors import PathNotFound, ReadFilesError
from local_warehouse.read_files.globs import compile_glob, is_glob, literal_prefix, unescape
from local_warehouse.storage.s3 import s3_endpoint, s3_store

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult

# Blocks that fit a processor's cache are checked about a fifth faster than larger ones.
BLOCK_BYTES = 512 * 1024
# An object is asked for in pieces: servers read ahead of a reader that is slower than they are,
# SeaweedFS 256 MB of an answer. Most objects are one piece.
PIECE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class FoundFile:
    """One object: its URL as given to the caller, and its path ("bucket/key" in S3)."""

    url: str
    path: str
    size: int | None = None
    modified_at: datetime | None = None

    @property
    def name(self) -> str:
        """The part of the path behind its last slash."""
        return self.path.rpartition("/")[2]


class FileStorage:
    """Finds and reads objects. One instance serves many calls, from several threads."""

    def __init__(self, *, allow_local: bool = False) -> None:
        self._local = _LocalFiles() if allow_local else None

    @cached_property
    def _s3(self) -> _S3Objects:
        return _S3Objects()

    def _locate(self, url: str) -> tuple[_S3Objects | _LocalFiles, str, str]:
        """The backend that has a URL, the path in it, and the URL's part before that path."""
        scheme, separator, rest = url.partition("://")
        if separator and scheme in ("s3", "s3a"):
            return self._s3, rest, f"{scheme}://"
        if self._local and (scheme == "file" or not separator):
            path = rest if separator else url.removeprefix("file:")
            return self._local, path, url.removesuffix(path)
        raise ReadFilesError(f"read_files: only s3:// paths can be read, not {url}")

    def find(self, url: str, name_glob: str | None = None) -> list[FoundFile]:
        """The files of a path, in order of their paths.

        A plain path costs no request here; a glob or a folder (a path that ends in a slash)
        lists. As in Spark, files whose name begins with `_` or `.` are hidden in listings.
        """
        backend, path, prefix = self._locate(url)
        plain = unescape(path) if is_glob(path) else path
        if plain is not None and not plain.endswith("/") and name_glob is None:
            return [FoundFile(prefix + plain, plain)]
        listed = backend.list(literal_prefix(path) if plain is None else plain)
        found = [file for file in listed if not file.name.startswith(("_", "."))]
        if plain is None:
            # A pattern may also match a folder, which stands for the files in it.
            matches = compile_glob(path).fullmatch
            found = [f for f in found if matches(f.path) or matches(f.path.rpartition("/")[0])]
        if name_glob is not None:
            matches = compile_glob(name_glob).fullmatch
            found = [file for file in found if matches(file.name)]
        if not found:
            raise PathNotFound(url)
        found.sort(key=lambda file: file.path)
        return [replace(file, url=prefix + file.path) for file in found]

    def describe(self, file: FoundFile) -> FoundFile:
        """The same file with its size and time; the store is asked only if they are not known."""
        return file if file.size is not None else self._locate(file.url)[0].describe(file)

    def read(self, file: FoundFile) -> Iterator[bytes]:
        """The object's bytes in blocks, all of one version of it."""
        return self._locate(file.url)[0].read(file)


class _S3Objects:
    """Objects in S3: boto3 lists them, obstore reads them in a tenth of boto3's processor time.

    Keys that obstore cannot name, such as those with control characters, are read by boto3 too.
    """

    def __init__(self) -> None:
        import boto3

        self._endpoint = s3_endpoint()
        self._client: Any = boto3.session.Session().client("s3", endpoint_url=self._endpoint)

    def list(self, prefix: str) -> list[FoundFile]:
        bucket, _, key_prefix = prefix.partition("/")
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=key_prefix
        )
        return [
            FoundFile("", f"{bucket}/{item['Key']}", item["Size"], item["LastModified"])
            for page in pages
            for item in page.get("Contents", ())
            if not item["Key"].endswith("/")
        ]

    def describe(self, file: FoundFile) -> FoundFile:
        bucket, _, key = file.path.partition("/")
        with _reporting_absence(file):
            try:
                head = obstore.head(s3_store(bucket, self._endpoint), key)
            except ValueError:
                answer = self._client.head_object(Bucket=bucket, Key=key)
                size, modified_at = answer["ContentLength"], answer["LastModified"]
            else:
                size, modified_at = head["size"], head["last_modified"]
        return replace(file, size=size, modified_at=modified_at)

    def read(self, file: FoundFile) -> Iterator[bytes]:
        bucket, _, key = file.path.partition("/")
        with _reporting_absence(file):
            try:
                piece = self._piece(bucket, key)
            except ValueError:
                with closing(self._client.get_object(Bucket=bucket, Key=key)["Body"]) as body:
                    yield from body.iter_chunks(BLOCK_BYTES)
                return
            size, version = piece.meta["size"], piece.meta["e_tag"]
            while True:
                end = piece.range[1]
                for block in piece.stream(BLOCK_BYTES):
                    yield bytes(block)
                if end >= size:
                    return
                piece = self._piece(bucket, key, end, version)

    def _piece(
        self, bucket: str, key: str, start: int = 0, version: str | None = None
    ) -> GetResult:
        """A piece of an object from a position on, of a version if one is given."""
        options: GetOptions = {"range": (start, start + PIECE_BYTES)}
        if version is not None:
            options["if_match"] = version
        try:
            return obstore.get(s3_store(bucket, self._endpoint), key, options=options)
        except GenericError:
            if start:
                raise
            # an empty object has no range of bytes
            return obstore.get(s3_store(bucket, self._endpoint), key)


@contextmanager
def _reporting_absence(file: FoundFile) -> Iterator[None]:
    """Turn errors of the stores into PathNotFound and ReadFilesError, which name the file."""
    try:
        yield
    except FileNotFoundError:
        raise PathNotFound(file.url) from None
    except PreconditionError:
        raise ReadFilesError(f"read_files: {file.url} changed while it was read") from None
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            raise PathNotFound(file.url) from None
        raise ReadFilesError(f"read_files: {file.url} cannot be read: {error}") from error


class _LocalFiles:
    def list(self, prefix: str) -> list[FoundFile]:
        folder = Path(prefix if prefix.endswith("/") else prefix.rpartition("/")[0] or "/")
        found = (path for path in folder.rglob("*") if path.is_file())
        return [self.describe(FoundFile("", str(path))) for path in found]

    def describe(self, file: FoundFile) -> FoundFile:
        try:
            status = Path(file.path).stat()
        except FileNotFoundError:
            raise PathNotFound(file.url) from None
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        return replace(file, size=status.st_size, modified_at=modified)

    def read(self, file: FoundFile) -> Iterator[bytes]:
        try:
            with Path(file.path).open("rb", buffering=0) as stream:
                while block := stream.read(BLOCK_BYTES):
                    yield block
        except (FileNotFoundError, IsADirectoryError):
            raise PathNotFound(file.url) from None
