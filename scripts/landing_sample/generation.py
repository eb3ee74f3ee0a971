"""Brings a place to the state after a wave of the sample, and writes the truth about it."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from landing_sample.layout import Sample, SampleFile, sample_files, waves_of
from landing_sample.places import Place, StoredVersion
from landing_sample.truth import Truth
from landing_sample.writer import write_file

_KEPT_IN_MEMORY = 8 * 1024 * 1024  # bytes of a file before it goes through the disk

# Called for each file that was written, with its rows and bytes.
OnWritten = Callable[[SampleFile, int, int], None]


@dataclass
class Plan:
    """The steps to reach `wave`.

    `write` holds (key, wave) of the files to write, `remove` the keys that another sample left
    behind; `replaces` is that sample.
    """

    sample: Sample
    wave: int
    write: set[tuple[str, int]] = field(default_factory=set)
    remove: list[str] = field(default_factory=list)
    replaces: Sample | None = None


def sample_in(place: Place) -> Sample | None:
    """The sample that the place holds, told by its first file; None for none."""
    first = sample_files(Sample(0, 1, 1))[0]
    stored = place.version_at(first.key)
    return stored.sample if stored else None


def plan(sample: Sample, wave: int, place: Place) -> Plan:
    """Compare the files that should be in the place with those that are. Wave 2 is never undone."""
    files = sample_files(sample)
    stored = {key: place.version_at(key) for key in {file.key for file in files}}
    own = [version.wave for version in stored.values() if version and version.sample == sample]
    result = Plan(sample, max([wave, *own]))
    for file in files:
        version = stored[file.key]
        due = result.wave in waves_of(file, files)
        if due and version != StoredVersion(sample, file.wave):
            result.write.add((file.key, file.wave))
    kept = {file.key for file in files if file.wave <= result.wave}
    for key, version in stored.items():
        if version and version.sample != sample:
            result.replaces = version.sample
            if key not in kept:
                result.remove.append(key)
    return result


def carry_out(plan: Plan, place: Place, on_written: OnWritten) -> dict[str, Any]:
    """Write and remove the plan's files; returns the truth about the whole sample.

    The truth is that of `Truth.as_dict`, with the seed, the sizes and the wave.
    """
    truth = Truth()
    files = sample_files(plan.sample)
    for file in files:
        counted = truth.open_file(file, waves_of(file, files))
        if (file.key, file.wave) in plan.write:
            with tempfile.SpooledTemporaryFile(_KEPT_IN_MEMORY) as content:
                write_file(plan.sample, file, content, counted.add)
                size = content.tell()
                content.seek(0)
                place.put(file, plan.sample, content)
            on_written(file, counted.rows, size)
        else:
            write_file(plan.sample, file, None, counted.add)
        truth.close_file(counted)
    for key in plan.remove:
        place.remove(key)
    return {**_identity(plan), **truth.as_dict()}


def _identity(plan: Plan) -> dict[str, Any]:
    return {**asdict(plan.sample), "wave": plan.wave}


def truth_is_current(path: Path, plan: Plan) -> bool:
    """Whether the JSON file at `path` holds the truth about this sample and wave."""
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(known, dict) and _identity(plan).items() <= known.items()


def save_truth(path: Path, truth: dict[str, Any]) -> None:
    """Write the truth as JSON to `path`, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(truth, indent=2) + "\n", "utf-8")
