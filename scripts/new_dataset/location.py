"""The glob that takes a dataset's files in the landing, from the names of its samples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from bronze_loader.datasets.declaration import Dataset
from bronze_loader.datasets.globs import CSV_SUFFIX, compile_glob, literal_prefix
from new_dataset.errors import NewDatasetError

_ANYWHERE = "**/"


def common_location(file_names: Sequence[str]) -> str:
    """A glob for the names' common beginning, at any depth: `**/returns_*`.

    Digits and separators at its end are left out, as they are dates and numbers of files. Raises
    NewDatasetError when nothing is left.
    """
    stems = [CSV_SUFFIX.sub("", name) for name in file_names]
    same = takewhile(lambda pair: pair[0] == pair[1], zip(min(stems), max(stems), strict=False))
    shared = "".join(char for char, _ in same)
    prefix = re.sub(r"[\W\d_]+\Z", "", shared)
    if not prefix:
        raise NewDatasetError(
            f"the names {', '.join(file_names[:5])} begin with nothing in common by which the "
            "loader could tell these files; give --location, such as '**/returns_*'"
        )
    separator = shared[len(prefix) :][:1] if shared != prefix else ""
    separator = "" if separator.isdigit() else separator
    return _ANYWHERE + re.sub(r"([\[\]*?{}])", r"[\1]", prefix + separator) + "*"


def check_location(location: str, file_names: Sequence[str], declared: Sequence[Dataset]) -> None:
    """Raises NewDatasetError for a location that is no glob, and when files would be of two
    datasets: the samples, or any that begin alike."""
    try:
        compile_glob(location)
    except (ValueError, re.error) as error:
        raise NewDatasetError(f"the location {location!r} is no glob: {error}") from error
    if "{{" in location:
        raise NewDatasetError(f"the location {location!r} would be read as Jinja by dbt")
    folder = literal_prefix(location).rpartition("/")
    keys = ["".join(folder[:2]) + name for name in file_names]
    for other in declared:
        taken = [key for key in keys if other.matches(key)]
        if taken or _same_beginning(location, other.location):
            which = f"the file {taken[0]}" if taken else f"files of {location}"
            raise NewDatasetError(
                f"{which} would be of two datasets: {other.name} takes {other.location}. Rename "
                "the files, or give a narrower --location"
            )


def _same_beginning(first: str, second: str) -> bool:
    """Whether of two globs like `**/name*` one takes all files of the other."""
    plain = re.compile(r"\*\*/([^*?\[{]*)\*\Z")
    names = [found.group(1) for glob in (first, second) if (found := plain.match(glob))]
    return len(names) == 2 and (names[0].startswith(names[1]) or names[1].startswith(names[0]))
