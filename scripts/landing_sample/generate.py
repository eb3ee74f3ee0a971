"""Brings a place to the state of one wave of the sample, and writes the truth about it."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from landing_sample.layout import Sample, SampleFile, sample_files, waves_of
from landing_sample.places import Landed, Place
from landing_sample.truth import Truth
from landing_sample.writer import write_file

_KEPT_IN_MEMORY = 8 * 1024 * 1024  # bytes of a file before it goes through the disk

Report = Callable[[SampleFile, int, int], None]


@dataclass
class Plan:
    """Which files to write to reach `wave`, and which leftovers of another sample to remove."""

    sample: Sample
    wave: int
    write: set[tuple[str, int]] = field(default_factory=set)
    remove: list[str] = field(default_factory=list)
    replaces: Sample | None = None


def landed_sample(place: Place) -> Sample | None:
    """The sample that lies in the place, judged by its first file."""
    first = sample_files(Sample(0, 1, 1))[0]
    landed = place.landed(first.key)
    return landed.sample if landed else None


def plan(sample: Sample, wave: int, place: Place) -> Plan:
    """Compare what should lie in the place with what does. A landed wave 2 is never undone."""
    files = sample_files(sample)
    landed = {key: place.landed(key) for key in {file.key for file in files}}
    own = [found.wave for found in landed.values() if found and found.sample == sample]
    result = Plan(sample, max([wave, *own]))
    for file in files:
        found = landed[file.key]
        due = result.wave in waves_of(file, files)
        if due and found != Landed(sample, file.wave):
            result.write.add((file.key, file.wave))
    kept = {file.key for file in files if file.wave <= result.wave}
    for key, found in landed.items():
        if found and found.sample != sample:
            result.replaces = found.sample
            if key not in kept:
                result.remove.append(key)
    return result


def carry_out(plan: Plan, place: Place, report: Report) -> dict[str, Any]:
    """Write what the plan says, file by file, and return the truth about the whole sample.

    `report` hears of each written file, with its rows and bytes.
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
            report(file, counted.rows, size)
        else:
            write_file(plan.sample, file, None, counted.add)
        truth.close_file(counted)
    for key in plan.remove:
        place.remove(key)
    return {**_identity(plan), **truth.as_dict()}


def _identity(plan: Plan) -> dict[str, Any]:
    return {**asdict(plan.sample), "wave": plan.wave}


def truth_is_current(path: Path, plan: Plan) -> bool:
    """Whether the file holds the truth about this very sample and wave."""
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(known, dict) and _identity(plan).items() <= known.items()


def save_truth(path: Path, truth: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(truth, indent=2) + "\n", "utf-8")
