"""Puts a folder of the user's own CSV files into the landing bucket."""

import fnmatch
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import yaml

from landing_sample.places import Bucket

SUFFIXES = (".csv", ".csv.gz", ".csv.bz2", ".csv.zst")
_SOURCES = Path("models/bronze/_bronze__sources.yml")


class UploadError(Exception):
    """There is nothing to upload."""


def csv_files(folder: Path) -> list[Path]:
    """The CSV files under the folder, compressed ones too, in the order of their names.

    Raises UploadError when the folder is not there or holds none.
    """
    if not folder.exists():
        raise UploadError(f"There is no folder {str(folder)!r}.")
    if not folder.is_dir():
        raise UploadError(f"{str(folder)!r} is a file. Name the folder it is in.")
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name.lower().endswith(SUFFIXES)
    )
    if not found:
        raise UploadError(
            f"{str(folder)!r} holds no CSV file. Looked for names ending in {', '.join(SUFFIXES)}, "
            "in sub-folders too."
        )
    return found


def upload(
    folder: Path,
    files: list[Path],
    prefix: str,
    bucket: Bucket,
    on_stored: Callable[[Path, str, int], None],
) -> list[str]:
    """Store each file under the prefix and its path in the folder; returns the keys.

    `on_stored` is called for each file with its path, its URL and its size in bytes.
    """
    keys = []
    for path in files:
        key = str(PurePosixPath(prefix.strip("/"), path.relative_to(folder).as_posix()))
        with path.open("rb") as content:
            url = bucket.store(key, content)
        on_stored(path, url, path.stat().st_size)
        keys.append(key)
    return keys


def unclaimed_keys(keys: list[str], project: Path) -> tuple[list[str], list[str]]:
    """The keys whose names no dataset of the project takes, and the patterns that are taken.

    Both are empty where `project` has no declaration of sources.
    """
    try:
        document = yaml.safe_load((project / _SOURCES).read_text("utf-8"))
    except OSError:
        return [], []
    patterns = [
        str(table["external"]["location"]).rsplit("/", 1)[-1]
        for source in document.get("sources", [])
        for table in source.get("tables", [])
        if table.get("external")
    ]
    names = {key: PurePosixPath(key).name for key in keys}
    unclaimed = [key for key in keys if not any(fnmatch.fnmatch(names[key], p) for p in patterns)]
    return unclaimed, patterns
