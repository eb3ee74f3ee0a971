"""The command `load-bronze`."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
from collections.abc import Sequence

from bronze_loader import report as show
from bronze_loader.datasets import find_sources, read_datasets
from bronze_loader.errors import DONE, FAILED, SOME_REFUSED, ConfigurationError, LoaderError
from bronze_loader.landing import Landing
from bronze_loader.load import Loader
from bronze_loader.on_databricks import take_credentials
from bronze_loader.outcome import Report, Result
from bronze_loader.plan import Limits
from bronze_loader.statements import Schema
from bronze_loader.tables import Tables
from bronze_loader.warehouse import ON_A_LAPTOP, connect, host_is_known

INTERRUPTED = 130
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(
        level=options.log_level.upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    if options.log_level != "debug":
        logging.getLogger("databricks").setLevel(logging.CRITICAL)
    try:
        return run(options)
    except LoaderError as error:
        print(f"load-bronze: {show.printable(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("load-bronze: stopped; the next run goes on from here", file=sys.stderr)
        return INTERRUPTED


def run(options: argparse.Namespace) -> int:
    datasets = read_datasets(find_sources(options.sources), options.dataset)
    landing_url, catalog, lakehouse_url = _settings(
        ("LANDING_URL", "--landing", options.landing),
        ("DATABRICKS_CATALOG", "--catalog", options.catalog),
        ("LAKEHOUSE_URL", "--lakehouse", options.lakehouse),
    )
    take_credentials(options.service_credential, options.secret_scope)
    landing = Landing(landing_url)
    schema = Schema(
        catalog=catalog,
        name=options.schema or os.environ.get("BRONZE_SCHEMA") or "bronze",
        lakehouse_url=lakehouse_url.rstrip("/"),
    )
    limits = Limits(files=options.max_statement_files, file_bytes=options.max_statement_bytes)
    failure = None
    with connect(options.http_path) as warehouse, show.progress() as progress:
        tables = Tables(warehouse, schema, datasets)
        loader = Loader(tables, landing, datasets, progress, limits)
        try:
            loader.run(dry_run=options.dry_run)
        except LoaderError as error:
            failure = error
            loader.report.error = str(error)
    if failure is None or loader.report.outcomes:
        (show.print_json if options.json else show.print_report)(loader.report)
    if failure is not None:
        raise failure
    return exit_code(loader.report, options.refused_ok)


def exit_code(report: Report, refused_ok: bool) -> int:
    if report.count(Result.FAILED):
        return FAILED
    return SOME_REFUSED if report.count(Result.REFUSED) and not refused_ok else DONE


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="load-bronze",
        description="Load new and changed CSV files from the landing bucket into bronze, each "
        "file exactly once.",
        epilog="Exit codes: 0 done or nothing to do, 1 failed, 2 wrong use or configuration, "
        "3 some files refused (the others are loaded).",
    )
    made.add_argument(
        "--dataset", action="append", default=[], metavar="NAME", help="only this one; repeatable"
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
        help="exit with 0 where files are refused, as the job does: the others are to go on",
    )
    made.add_argument("--landing", metavar="URL", help="s3://bucket/prefix (default: $LANDING_URL)")
    made.add_argument(
        "--lakehouse", metavar="URL", help="where tables are kept (default: $LAKEHOUSE_URL)"
    )
    made.add_argument("--catalog", help="default: $DATABRICKS_CATALOG")
    made.add_argument("--schema", help="default: $BRONZE_SCHEMA, else bronze")
    made.add_argument(
        "--http-path", metavar="PATH", help="the warehouse (default: $DATABRICKS_HTTP_PATH)"
    )
    made.add_argument(
        "--service-credential",
        metavar="NAME",
        help="read the landing with this Unity Catalog service credential",
    )
    made.add_argument(
        "--secret-scope", metavar="NAME", help="take keys from this secret scope of the workspace"
    )
    made.add_argument("--sources", metavar="FILE", help="the source YAML (default: the project's)")
    made.add_argument(
        "--max-statement-files",
        type=_positive,
        default=Limits.files,
        metavar="N",
        help="files in one statement at most (default: %(default)s)",
    )
    made.add_argument(
        "--max-statement-bytes",
        type=_size,
        default=Limits.file_bytes,
        metavar="SIZE",
        help="bytes of files in one statement at most, such as 500M (default: 1G)",
    )
    made.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="warning"
    )
    return made


def _settings(*asked: tuple[str, str, str | None]) -> list[str]:
    """The value of each (variable, option, given value); an error names all that lack one."""
    values = [given or os.environ.get(variable) or "" for variable, _, given in asked]
    missing = [
        f"{variable} (or {option})"
        for (variable, option, _), value in zip(asked, values, strict=True)
        if not value
    ]
    if not host_is_known():
        missing.append("DATABRICKS_HOST")
    if missing:
        raise ConfigurationError(f"not set: {', '.join(missing)}; {ON_A_LAPTOP}")
    return values


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _size(text: str) -> int:
    found = re.fullmatch(r"([1-9]\d*)([kmg]?)(?:i?b)?", text.lower())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 500M or 1G")
    return int(found.group(1)) * _UNITS[found.group(2)]
