"""What the last complete run came from and came to, kept beside the lease.

A run whose inputs have the same digests would do nothing, so it ends without asking the warehouse.
The inputs are the listing of the landing place and all that decides what is made of it: the
declaration, the options, the schema, the warehouse's host and this package's own code. What is in
the warehouse is no input: whoever changes bronze by hand runs the loader with --verify or --force.

The object is emptied, under the lease, before a run changes anything, and written by a run that
has nothing left to do: each file loaded, refused, a duplicate or gone, and logged as such.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import bronze_loader
from bronze_loader.datasets.declaration import Dataset
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.lease.conditional_object import ConditionalObject
from bronze_loader.planning.outcome import Outcome, Result, RunReport
from bronze_loader.planning.plan import Action, PlannedFile

log = logging.getLogger(__name__)

MOST_REMARKS = 10_000
"""A plan with more files to report one by one than this is not kept: reading it would cost more
than it saves."""

_UNFINISHED = (Result.FAILED, Result.SKIPPED, Result.LATER)
_STAYS = {Result.REFUSED: Action.REFUSED, Result.DUPLICATE: Action.DUPLICATE}


@dataclass(frozen=True)
class FinishedPlan:
    """A run that left nothing to do.

    `settings` and `listing` are the digests of what it came from. `bronze` is the id of the last
    run that changed bronze or its log, so two plans of one id are of the same rows. `in_bronze`
    has the number of loaded files by dataset, `remarks` the files that are not in bronze.
    """

    settings: str
    listing: str
    bronze: str
    finished_at: datetime
    in_bronze: Mapping[str, int]
    remarks: Sequence[Remark] = ()

    def fill(self, report: RunReport, datasets: Sequence[Dataset]) -> None:
        """Put into `report` what a run on the same inputs would report."""
        declared = {dataset.name: dataset for dataset in datasets}
        for remark in self.remarks:
            if remark.result is None:
                report.unmatched.append(remark.file)
            else:
                planned = PlannedFile(declared[remark.dataset], remark.file, _STAYS[remark.result])
                outcome = Outcome(planned, remark.result, reason=remark.reason)
                report.outcomes.append(outcome)
        report.as_they_were = dict(self.in_bronze)
        report.nothing_new_since = self.finished_at
        report.bronze = self.bronze

    def to_bytes(self) -> bytes:
        """The plan as the object keeps it, in JSON."""
        return (json.dumps(asdict(self), default=str, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_bytes(cls, body: bytes) -> FinishedPlan | None:
        """The plan that `to_bytes` wrote; None for an emptied object and for anything else."""
        try:
            said: dict[str, Any] = json.loads(body)
            remarks = [Remark.from_dict(remark) for remark in said.pop("remarks")]
            finished_at = datetime.fromisoformat(said.pop("finished_at"))
            return cls(finished_at=finished_at, remarks=remarks, **said)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.debug("no finished plan: %s", error)
            return None


@dataclass(frozen=True)
class Remark:
    """A file that each run reports: refused, a duplicate, or of no dataset (`result` None)."""

    file: LandingFile
    dataset: str = ""
    result: Result | None = None
    reason: str | None = None

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Remark:
        """The remark that `asdict` and JSON have made into `said`."""
        file = dict(said["file"])
        file["modified_at"] = datetime.fromisoformat(file["modified_at"])
        result = said["result"] and Result(said["result"])
        return cls(LandingFile(**file), said["dataset"], result or None, said["reason"])


def finished_plan(
    report: RunReport, settings: str, listing: str, bronze: str
) -> FinishedPlan | None:
    """The plan of a run that came to its end without an error; None when it has left anything to
    the next run, or has more than MOST_REMARKS files to report one by one."""
    if any(report.count(result) for result in _UNFINISHED):
        return None
    remarks = [Remark(file) for file in report.unmatched]
    in_bronze = dict.fromkeys(report.datasets, 0)
    for outcome in report.outcomes:
        name = outcome.planned.dataset.name
        if outcome.result in (Result.LOADED, Result.UNCHANGED):
            in_bronze[name] += 1
        elif outcome.result in _STAYS:
            remarks.append(Remark(outcome.planned.file, name, outcome.result, outcome.reason))
    if len(remarks) > MOST_REMARKS:
        return None
    return FinishedPlan(settings, listing, bronze, datetime.now(UTC), in_bronze, remarks)


class PlanKeeper:
    """Keeps the finished plan of a schema in one object. A store that does not take it costs the
    next run its short cut and nothing else, but one that cannot be emptied is an error."""

    def __init__(self, place: ConditionalObject) -> None:
        self._place = place
        self._etag: str | None = None

    def read(self) -> FinishedPlan | None:
        """The plan of the last run, if that run was complete. Raises LoaderError when the store
        does not answer."""
        version = self._place.read()
        return FinishedPlan.from_bytes(version.body) if version else None

    def empty(self, run_id: str) -> FinishedPlan | None:
        """Forget the plan, before anything is changed, and give it as it was; to be called with
        the lease held.

        What is written names the run, so that no other can take it for what itself has written.
        Raises LoaderError when the plan cannot be forgotten.
        """
        body = json.dumps({"emptied_by": run_id}).encode() + b"\n"
        plan: FinishedPlan | None = None
        while (version := self._place.read()) is not None:
            self._etag = version.etag
            if version.body == body:  # written by a PUT whose answer was lost
                break
            plan = FinishedPlan.from_bytes(version.body)
            self._etag = self._place.replace(body, version.etag)
            if self._etag is not None:
                break
        return plan

    def keep(self, plan: FinishedPlan) -> None:
        """Write the plan, unless another loader has touched the object since it was emptied."""
        body = plan.to_bytes()
        if self._etag is None:
            self._place.create(body)
        else:
            self._place.replace(body, self._etag)


def settings_digest(*settings: object) -> str:
    """The digest of the settings, by their `repr`, and of this package's code."""
    return hashlib.sha256(repr((code_digest(), settings)).encode()).hexdigest()


@cache
def code_digest() -> str:
    """The digest of every Python file of this package, by its path."""
    root = Path(bronze_loader.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root)} {len(content)}\n".encode() + content)
    return digest.hexdigest()
