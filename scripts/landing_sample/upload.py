"""Puts the user's own CSV files into the landing bucket."""

import fnmatch
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import yaml

from landing_sample.places import Bucket

SUFFIXES = (".csv", ".csv.gz", ".csv.bz2", ".csv.zst")
_SOURCES = Path("models/bronze/_bronze__sources.yml")


class UploadError(Exception):
    """There is nothing to upload."""


def csv_files(path: Path) -> tuple[dict[Path, str], list[Path]]:
    """The CSV files at a path, compressed ones too, with the key of each; and all other files.

    The key is the name of a single file, and for a folder the path below it. Both are in the order
    of the names. Raises UploadError when nothing is there, or no CSV file.
    """
    if not path.exists():
        raise UploadError(f"There is no file or folder {str(path)!r}.")
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    folder = path if path.is_dir() else path.parent
    found = {
        each: each.relative_to(folder).as_posix()
        for each in files
        if each.name.lower().endswith(SUFFIXES)
    }
    if not found:
        names = f"names ending in {', '.join(SUFFIXES)}"
        raise UploadError(
            f"{str(path)!r} holds no CSV file. Looked for {names}, in sub-folders too."
            if path.is_dir()
            else f"{str(path)!r} is no CSV file: these have {names}."
        )
    return found, [each for each in files if each not in found]


def upload(
    files: Mapping[Path, str],
    prefix: str,
    bucket: Bucket,
    on_stored: Callable[[Path, str, int], None],
) -> list[str]:
    """Store each file under the prefix and its key; returns the keys.

    `on_stored` is called for each file with its path, its URL and its size in bytes.
    """
    keys = []
    for path, name in files.items():
        key = str(PurePosixPath(prefix.strip("/"), name))
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
