"""The files of a dataset on disk: all of them, or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from new_dataset.errors import NewDatasetError


def check_free(root: Path, paths: Mapping[Path, str]) -> None:
    """Raises NewDatasetError, with the first file that is in the way, when a file of `paths`, or a
    model or seed of its name anywhere in the project, is there. Paths are relative to `root`."""
    stems = {path.stem: path for path in paths if path.suffix == ".sql"}
    there = [path for path in paths if (root / path).exists()]
    there += [
        path.relative_to(root)
        for folder, suffix in (("models", "sql"), ("seeds", "csv"))
        for path in sorted((root / folder).rglob(f"*.{suffix}"))
        if path.stem in stems
    ]
    if there:
        raise NewDatasetError(
            f"{there[0]} is there already and is never overwritten; take another name for the "
            "dataset, or remove the file if it is a leftover"
        )


def write_all(root: Path, new: Mapping[Path, str], sources: Path, text: str) -> None:
    """Write the new files, and the source YAML last. Whatever stops it, nothing of it stays.

    Raises NewDatasetError for a file that cannot be written.
    """
    made: list[Path] = []
    beside = sources.with_name(f".{sources.name}.new")
    try:
        for path, content in new.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            with (root / path).open("x", encoding="utf-8", newline="") as file:
                made.append(root / path)
                file.write(content)
        with beside.open("w", encoding="utf-8", newline="") as file:
            made.append(beside)
            file.write(text)
        beside.chmod(sources.stat().st_mode)
        beside.replace(sources)
    except BaseException as error:
        for path in made:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise NewDatasetError(f"nothing was written: {error}") from error
        raise
