"""Reads the headers of the files to load, many at a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from bronze_loader.errors import ChangedWhileLoading, Refused, RefusedFile, RequestRefused
from bronze_loader.landing.bucket import SNIFF_THREADS, Landing
from bronze_loader.planning.outcome import Outcome, Result
from bronze_loader.planning.plan import PlannedFile
from bronze_loader.run.failure_limit import FailureLimit
from bronze_loader.run.outcome_recorder import OutcomeRecorder
from bronze_loader.run.progress import Progress
from bronze_loader.sniffing.header import Header, renamed, sniff

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SniffedFile:
    """A file to load, and how to read it."""

    planned: PlannedFile
    header: Header


class HeaderReader:
    """Reads headers; a file without one that can be loaded gets its outcome here."""

    def __init__(
        self,
        landing: Landing,
        recorder: OutcomeRecorder,
        failures: FailureLimit,
        progress: Progress,
    ) -> None:
        """`failures` is shared with the BatchLoader, so that a row of failures spans both steps."""
        self._landing = landing
        self._recorder = recorder
        self._failures = failures
        self._progress = progress

    def read_all(self, files: Sequence[PlannedFile]) -> list[SniffedFile]:
        """The files that can be loaded, in the order given; all others get their outcome here.

        Raises RefusedFile at a refused file when the run is to stop at the first, LoaderError when
        too many in a row could not be read.
        """
        self._progress.step("reading headers", len(files), 0)
        to_load: list[SniffedFile] = []
        refused: list[Outcome] = []
        with ThreadPoolExecutor(SNIFF_THREADS) as threads:
            for planned, result in zip(files, threads.map(self.read, files), strict=True):
                self._progress.advance(1, 0)
                if isinstance(result, Header):
                    self._failures.reset()
                    to_load.append(SniffedFile(planned, result))
                elif isinstance(result, RequestRefused):
                    self._recorder.fail(planned, str(result))
                    self._failures.count(planned, result)
                elif isinstance(result, Refused):
                    refused.append(Outcome(planned, Result.REFUSED, reason=str(result)))
                else:
                    self._recorder.report_only(planned, Result.SKIPPED, reason=str(result))
        self._recorder.refuse(refused)
        if refused and self._failures.fail_fast:
            first = refused[0]
            raise RefusedFile(
                f"dataset {first.planned.dataset.name}: {first.planned.url} is refused: "
                f"{first.reason}; nothing was loaded, because of --fail-fast"
            )
        return to_load

    def read(self, planned: PlannedFile) -> Header | Refused | RequestRefused | ChangedWhileLoading:
        """The header of one file, or why there is none; warns of columns that look renamed."""
        file, declared = planned.file, planned.dataset
        dataset = replace(declared, options=declared.options_of(file.relative_key))
        try:
            header = sniff(file.key, file.size, dataset, self._landing.reader(file))
        except (Refused, RequestRefused, ChangedWhileLoading) as reason:
            return reason
        hint = renamed(header, planned.dataset)
        if hint:
            log.warning("dataset %s: %s has new columns%s", declared.name, file.url, hint)
        for said in header.notes:  # which the report and the load log have too
            log.info("dataset %s: %s: %s", declared.name, file.url, said)
        for said in header.warnings:
            log.warning("dataset %s: %s: %s", declared.name, file.url, said)
        return header
