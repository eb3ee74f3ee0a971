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


def csv_files(path: Path) -> tuple[dict[Path, str], dict[Path, str]]:
    """The CSV files at a path, compressed ones too, with the key of each; all else, with a reason.

    The key is the name of a single file, and for a folder the path below it. Both are in the order
    of the names. Raises UploadError when nothing is there, or no CSV file.
    """
    if not path.exists():
        raise UploadError(f"There is no file or folder {printable(path)!r}.")
    folder = path if path.is_dir() else path.parent
    entries = sorted(path.rglob("*")) if path.is_dir() else [path]
    reasons = {
        each: _why_left_out(each) for each in entries if each.is_symlink() or not each.is_dir()
    }
    found = {
        each: each.relative_to(folder).as_posix() for each, why in reasons.items() if why is None
    }
    others = {each: why for each, why in reasons.items() if why is not None}
    if found:
        return found, others
    if path.is_dir():
        raise UploadError(
            f"{printable(path)!r} holds no CSV file. Looked for names ending in "
            f"{', '.join(SUFFIXES)}, in sub-folders too."
        )
    raise UploadError(f"{printable(path)!r} is no CSV file: {others[path]}.")


def _why_left_out(path: Path) -> str | None:
    """Why what is no folder is not uploaded; None for a CSV file."""
    if path.is_symlink() and not path.is_file():
        return "they are links to a folder or to nothing"
    if not path.name.lower().endswith(SUFFIXES):
        return f"their names end in none of {', '.join(SUFFIXES)}"
    if not path.is_file():
        return "they are no files"
    if printable(path) != str(path):
        return "their names are not UTF-8, as keys of S3 are"
    return None


def printable(path: Path) -> str:
    r"""The path as text that can be printed; a byte that is not UTF-8 is `\udcff`, for example."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


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
