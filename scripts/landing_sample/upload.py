"""Puts a folder of somebody's own CSVs into the landing bucket."""

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
    report: Callable[[Path, str, int], None],
) -> list[str]:
    """Store each file under prefix/its path in the folder; returns the keys."""
    keys = []
    for path in files:
        key = str(PurePosixPath(prefix.strip("/"), path.relative_to(folder).as_posix()))
        with path.open("rb") as content:
            url = bucket.store(key, content)
        report(path, url, path.stat().st_size)
        keys.append(key)
    return keys


def unclaimed(keys: list[str], project: Path) -> tuple[list[str], list[str]]:
    """Keys that no dataset of the project's sources takes, and the name patterns those take."""
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
    lost = [key for key in keys if not any(fnmatch.fnmatch(names[key], p) for p in patterns)]
    return lost, patterns
