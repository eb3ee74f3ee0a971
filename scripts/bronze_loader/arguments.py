"""The command line of `load-bronze` and of its commands `log`, `datasets` and `mark-green`."""

from __future__ import annotations

import argparse
import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bronze_loader.datasets.globs import compile_glob
from bronze_loader.lease.lease import LONGEST, SECONDS, SHORTEST
from bronze_loader.planning.batches import Limits
from bronze_loader.planning.file_state import Status

_AGE_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str) -> datetime:
    """The moment that a text means: a date or time in ISO 8601, in UTC unless it has a time zone,
    or an age such as 3d, 12h or 30m.

    Raises ValueError, or OverflowError for one before the year 1.
    """
    age = re.fullmatch(r"(\d+)([mhdw])", text)
    if age:
        return datetime.now(UTC) - timedelta(**{_AGE_UNITS[age.group(2)]: int(age.group(1))})
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_SCHEMA = (
    "default: $BRONZE_SCHEMA, else bronze on this machine, and on a workspace "
    "{DBT_SCHEMA}_bronze or dev_{USER}_bronze"
)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of the command line, with its command in `command`: load, log, datasets or
    mark-green.

    Raises SystemExit(2), after a message, for arguments that are wrong.
    """
    command = "load"
    if arguments and arguments[0] in _PARSERS:
        command, arguments = arguments[0], arguments[1:]
    options = _PARSERS[command]().parse_args(arguments)
    options.command = command
    return options


def _load() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="load-bronze",
        description="Load new and changed CSV files from the landing bucket into bronze, each "
        "file exactly once.",
        epilog="Other commands: `load-bronze log` shows the load log, `load-bronze datasets` the "
        "declared datasets and their files. "
        "Exit codes: 0 done or nothing to do, 1 failed, 2 wrong use or configuration, "
        "3 some files refused (the others are loaded), 4 another loader is at work.",
    )
    made.add_argument(
        "--dry-run", action="store_true", help="print what would be done, write nothing"
    )
    made.add_argument(
        "--json", action="store_true", help="print JSON lines: each file, the summary"
    )
    made.add_argument(
        "--refused-ok",
        action="store_true",
        help="exit with 0 though files are refused, as the job does, whose next tasks are to run",
    )
    which = made.add_argument_group("which files")
    _dataset(which)
    which.add_argument(
        "--since",
        type=_since,
        metavar="WHEN",
        help="only files written since a date or time (UTC), or an age such as 3d or 12h",
    )
    which.add_argument(
        "--max-files", type=_positive, metavar="N", help="load so many files at most, oldest first"
    )
    which.add_argument(
        "--force",
        action="append",
        default=[],
        type=_pattern,
        metavar="PATTERN",
        help="load these again though they are loaded: a glob below the landing URL; repeatable",
    )
    which.add_argument(
        "--full-refresh",
        action="store_true",
        help="load every file again, and remove the rows of files that are gone",
    )
    which.add_argument("--yes", action="store_true", help="do not ask before --full-refresh")
    which.add_argument(
        "--allow-duplicate-content",
        action="store_true",
        help="also load a file that has the same content as another",
    )
    how = made.add_argument_group("how")
    how.add_argument(
        "--fail-fast", action="store_true", help="stop at the first file that is refused or fails"
    )
    how.add_argument(
        "--verify",
        action="store_true",
        help="count the records in the files themselves, and compare file, table and log",
    )
    how.add_argument(
        "--wait",
        nargs="?",
        type=_seconds,
        default=0.0,
        const=math.inf,
        metavar="SECONDS",
        help="wait so long for another loader to end; without a number, without a limit",
    )
    _lease_url(how)
    how.add_argument(
        "--lease-seconds",
        type=_lease_seconds,
        default=SECONDS,
        metavar="N",
        help="a loader that has not renewed its lease for so long is dead (default: %(default)g)",
    )
    how.add_argument(
        "--max-statement-files",
        type=_positive,
        default=Limits.files,
        metavar="N",
        help="files in one statement at most (default: %(default)s)",
    )
    how.add_argument(
        "--max-statement-bytes",
        type=_size,
        default=Limits.file_bytes,
        metavar="SIZE",
        help="bytes of files in one statement at most, such as 500M (default: 512M)",
    )
    how.add_argument(
        "--build-of",
        type=Path,
        metavar="FOLDER",
        help="also say what a build of the dbt project in this folder would come from; unless it "
        "has been done well, the mark of the last one is taken back",
    )
    how.add_argument(
        "--build-anyway",
        action="store_true",
        help="with --build-of: the build is to be done, even if it has been done well",
    )
    where = made.add_argument_group("where")
    _landing(where)
    _lakehouse(where)
    _warehouse(where)
    return made


def _mark_green() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="load-bronze mark-green",
        description="Note that all of a build went well, as the last task of the job does, so that "
        "it is not done again until there is something new.",
    )
    made.add_argument(
        "--build", required=True, metavar="ID", help="as --build-of says it; empty marks nothing"
    )
    where = made.add_argument_group("where")
    where.add_argument("--schema", help=_SCHEMA)
    _lakehouse(where)
    _lease_url(where)
    _credentials(where)
    return made


def _log() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="load-bronze log", description="Show the load log, the newest entry first."
    )
    _dataset(made)
    made.add_argument(
        "--status",
        action="append",
        default=[],
        choices=[str(status) for status in Status],
        help="only entries of this status; repeatable",
    )
    made.add_argument("--limit", type=_positive, default=50, metavar="N", help="default: 50")
    made.add_argument("--json", action="store_true", help="print JSON lines")
    where = made.add_argument_group("where")
    _sources(where)
    _warehouse(where)
    return made


def _datasets() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="load-bronze datasets",
        description="Show the declared datasets, the files in the landing place for each, and the "
        "files that belong to none.",
    )
    made.add_argument("--json", action="store_true", help="print JSON lines")
    made.add_argument(
        "--check",
        action="store_true",
        help="only look at the declaration: exit with 2 where two datasets take the same file, or "
        "a table has no files",
    )
    _landing(made.add_argument_group("where"))
    return made


_PARSERS = {"load": _load, "log": _log, "datasets": _datasets, "mark-green": _mark_green}


def _dataset(made: argparse._ActionsContainer) -> None:
    made.add_argument(
        "--dataset", action="append", default=[], metavar="NAME", help="only this one; repeatable"
    )


def _sources(made: argparse._ActionsContainer) -> None:
    made.add_argument("--sources", metavar="FILE", help="the source YAML (default: the project's)")
    _credentials(made)


def _credentials(made: argparse._ActionsContainer) -> None:
    made.add_argument(
        "--service-credential",
        metavar="NAME",
        help="a Unity Catalog service credential for S3, in place of AWS settings",
    )
    made.add_argument(
        "--secret-scope", metavar="NAME", help="take keys from this secret scope of the workspace"
    )
    made.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="warning"
    )


def _landing(made: argparse._ActionsContainer) -> None:
    made.add_argument("--landing", metavar="URL", help="s3://bucket/prefix (default: $LANDING_URL)")
    _sources(made)


def _lakehouse(made: argparse._ActionsContainer) -> None:
    made.add_argument(
        "--lakehouse", metavar="URL", help="where tables are kept (default: $LAKEHOUSE_URL)"
    )


def _lease_url(made: argparse._ActionsContainer) -> None:
    made.add_argument(
        "--lease-url",
        metavar="URL",
        help="s3://bucket/folder of the lease (default: $LEASE_URL, else "
        "LAKEHOUSE/SCHEMA/_load_bronze)",
    )


def _warehouse(made: argparse._ActionsContainer) -> None:
    made.add_argument("--catalog", help="default: $DATABRICKS_CATALOG")
    made.add_argument("--schema", help=_SCHEMA)
    made.add_argument(
        "--http-path", metavar="PATH", help="the warehouse (default: $DATABRICKS_HTTP_PATH)"
    )


def _positive(text: str) -> int:
    if not re.fullmatch(r"0*[1-9]\d{0,8}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0, of 9 digits")
    return int(text)


def _since(text: str) -> datetime:
    try:
        return moment(text)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a date or time such as 2024-01-31 or 2024-01-31T06:00 nor an age "
            "such as 30m, 12h, 3d or 2w"
        ) from error


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return float(text)


def _lease_seconds(text: str) -> float:
    seconds = _seconds(text)
    if not SHORTEST <= seconds <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not from {SHORTEST:g} to {LONGEST:,g}")
    return seconds


def _size(text: str) -> int:
    found = re.fullmatch(r"([1-9]\d*)([kmg]?)(?:i?b)?", text.lower())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 500M or 1G")
    return int(found.group(1)) * _UNITS[found.group(2)]


def _pattern(text: str) -> str:
    try:
        compile_glob(text)
    except (ValueError, re.error) as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error
    return text
