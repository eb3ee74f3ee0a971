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


def csv_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """The CSV files under the folder, compressed ones too, and all others, each in the order of
    their names.

    Raises UploadError when the folder is not there or holds none.
    """
    if not folder.exists():
        raise UploadError(f"There is no folder {str(folder)!r}.")
    if not folder.is_dir():
        raise UploadError(f"{str(folder)!r} is a file. Name the folder it is in.")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found = [path for path in files if path.name.lower().endswith(SUFFIXES)]
    if not found:
        raise UploadError(
            f"{str(folder)!r} holds no CSV file. Looked for names ending in {', '.join(SUFFIXES)}, "
            "in sub-folders too."
        )
    return found, [path for path in files if path not in set(found)]


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
    """The keys whose names no dataset of the project takes, in any case as the loader does, and
    the patterns that are taken.

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
    names = {key: PurePosixPath(key).name.lower() for key in keys}
    taken = [pattern.lower() for pattern in patterns]
    unclaimed = [key for key in keys if not any(fnmatch.fnmatch(names[key], p) for p in taken)]
    return unclaimed, patterns
