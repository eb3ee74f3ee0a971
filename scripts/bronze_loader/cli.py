"""The command `load-bronze`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import local_session
from bronze_loader.arguments import parse
from bronze_loader.datasets.declaration import choose, find_sources, read_datasets
from bronze_loader.datasets.remarks import remarks
from bronze_loader.errors import (
    DONE,
    FAILED,
    SOME_REFUSED,
    AccessDenied,
    ConfigurationError,
    LoaderError,
)
from bronze_loader.landing.bucket import Landing, s3_client
from bronze_loader.landing.preflight import check_bucket
from bronze_loader.landing.workspace_credentials import take_credentials
from bronze_loader.lease.conditional_object import ConditionalObject
from bronze_loader.lease.conditional_writes import prove_conditional_writes
from bronze_loader.lease.lease import Lease
from bronze_loader.planning.batches import Limits
from bronze_loader.planning.outcome import Result, RunReport
from bronze_loader.planning.selection import Choice
from bronze_loader.reporting import console, listings, progress_bar, run_report
from bronze_loader.reporting.lineage import Lineage
from bronze_loader.run.finished_plan import (
    FinishedPlan,
    PlanKeeper,
    finished_plan,
    settings_digest,
)
from bronze_loader.run.green_build import GreenBuild, build_id
from bronze_loader.run.loader import Loader, RunRequest
from bronze_loader.run.outcome_recorder import OutcomeRecorder
from bronze_loader.warehouse.connection import (
    ON_A_LAPTOP,
    connect,
    host_is_known,
    is_loopback,
)
from bronze_loader.warehouse.journal import Journal, new_run_id
from bronze_loader.warehouse.load_log import LoadLog
from bronze_loader.warehouse.log_statements import LOG_TABLE
from bronze_loader.warehouse.retries import RetryingWarehouse
from bronze_loader.warehouse.statements import BronzeSchema
from bronze_loader.warehouse.table_inventory import TableInventory
from bronze_loader.warehouse.tables import Tables
from local_session.command_end import INTERRUPTED, ending_with_its_reader
from local_session.names import default_schemas

logger = logging.getLogger(__name__)


class _Printable(logging.Formatter):
    """Writes a warning of the loader's as dbt's are, `Warning: …`, and all else with its level and
    logger; control characters, such as those of a key that a message names, as escapes."""

    _own_warning = logging.Formatter("Warning: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        own = record.levelno == logging.WARNING and record.name.startswith("bronze_loader.")
        said = self._own_warning.format(record) if own else super().format(record)
        return console.printable(said, keep="\n")


@ending_with_its_reader
def main(arguments: Sequence[str] | None = None, report: RunReport | None = None) -> int:
    """Run the command with these arguments, by default the process's; gives the exit code.

    What a load comes to is in `report` afterwards, if one is given.
    """
    options = parse(list(sys.argv[1:] if arguments is None else arguments))
    to_stderr = logging.StreamHandler()
    to_stderr.setFormatter(_Printable("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=options.log_level.upper(), handlers=[to_stderr])
    if options.log_level != "debug":
        logging.getLogger("databricks").setLevel(logging.CRITICAL)
        # The connector warns of each attempt of a request; retries.py says what comes of them.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
    if threading.current_thread() is threading.main_thread():
        # SIGTERM is an interrupt too, so that the lease is released.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.command == "load":
            return load(options, report or RunReport((), options.dry_run))
        return _OTHERS[options.command](options)
    except LoaderError as error:
        said = console.printable(local_session.told(error), keep="\n")
        print(f"load-bronze: {said}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("load-bronze: stopped; the next run goes on from here", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of the output, `head` say, has ended
        raise
    except OSError as error:  # such as a full disk below the output
        print(f"load-bronze: {local_session.told(error)}", file=sys.stderr)
        return FAILED


def load(options: argparse.Namespace, report: RunReport) -> int:
    """Run `load-bronze`, fill in its report and print it; --json prints a summary whatever stops
    the run."""
    try:
        _run(options, report)
        if options.build_of:
            _compare_builds(options, report)
    except BaseException as error:
        report.error = _reason(error)
        if options.json:
            run_report.print_json(report)
        elif isinstance(error, LoaderError) and report.outcomes:
            run_report.print_report(report)
        raise
    (run_report.print_json if options.json else run_report.print_report)(report)
    return exit_code(report, options.refused_ok)


def _run(options: argparse.Namespace, report: RunReport) -> None:
    sources = find_sources(options.sources)
    declared = read_datasets(sources)
    chosen = choose(declared, options.dataset, sources)
    report.datasets = tuple(dataset.name for dataset in chosen)
    landing_url, catalog, lakehouse_url = _settings(
        ("LANDING_URL", "--landing", options.landing),
        ("DATABRICKS_CATALOG", "--catalog", options.catalog),
        ("LAKEHOUSE_URL", "--lakehouse", options.lakehouse),
    )
    choice = _choice(options)
    take_credentials(options.service_credential, options.secret_scope)
    client = s3_client()
    landing = Landing(landing_url, client)
    schema = BronzeSchema(catalog, _schema_name(options), lakehouse_url.rstrip("/"))
    if choice.full_refresh and not (options.yes or choice.dry_run):
        _ask_for_full_refresh([d.name for d in chosen], landing_url)

    def check_buckets() -> None:
        check_bucket(client, landing_url, "LANDING_URL or --landing")
        check_bucket(client, lakehouse_url, "LAKEHOUSE_URL or --lakehouse")

    limits = Limits(files=options.max_statement_files, file_bytes=options.max_statement_bytes)
    request = RunRequest(chosen, declared, choice, limits)
    settings = settings_digest(
        chosen, declared, landing_url, schema, _host(), choice.allow_duplicates
    )

    def keeper() -> PlanKeeper:
        return PlanKeeper(ConditionalObject(f"{_folder(options, schema)}/plan.json", client))

    if choice.may_end_early and _nothing_is_new(keeper, settings, landing, request, report):
        return
    run_id = new_run_id()
    with (
        connect(options.http_path) as connected,
        progress_bar.progress() as progress,
        ExitStack() as held,
    ):
        check_buckets()
        warehouse = RetryingWarehouse(connected)
        lease = kept = before = None
        if not choice.dry_run:
            names = [d.name for d in chosen], [d.name for d in declared]
            lease = held.enter_context(_lease(options, schema, run_id, client, *names))
            kept = keeper()
            before = kept.empty(run_id)
            warehouse = RetryingWarehouse(connected, lease.check, check_buckets)
        inventory = TableInventory(warehouse, schema, [*report.datasets, LOG_TABLE])
        tables, load_log = Tables(inventory, chosen), LoadLog(inventory)
        journal = Journal(load_log, run_id)
        recorder = OutcomeRecorder(report, journal)
        request = replace(request, unsettled=lease.unsettled if lease else ())
        loader = Loader(request, landing, tables, load_log, recorder, progress)
        lineage = None if choice.dry_run else Lineage(schema, connected.host, report.datasets)
        if lineage:
            lineage.start()
        try:
            loader.run()
            if lease and kept:
                lease.settled = not report.count(Result.FAILED)
                as_before = before and before.settings == settings and not journal.has_written
                bronze = before.bronze if before and as_before else run_id
                plan = finished_plan(report, settings, loader.listing_digest, bronze)
                if plan is not None:
                    report.bronze = plan.bronze
                    _keep_plan(kept, plan)
        except BaseException as error:  # such as an interrupt: each START gets its FAIL
            report.error = _reason(error)
            raise
        finally:
            if lineage:
                lineage.end(report)


def _nothing_is_new(
    keeper: Callable[[], PlanKeeper],
    settings: str,
    landing: Landing,
    request: RunRequest,
    report: RunReport,
) -> bool:
    """Whether the last complete run came from what there is now; if so, `report` is filled in. The
    warehouse is not asked, and of the listing only a digest is held."""
    started = time.monotonic()
    try:
        plan = keeper().read()
        if plan is None or plan.settings != settings:
            return False
        if landing.digest(request.listed_under) != plan.listing:
            return False
    except LoaderError as error:  # which the run itself meets again, and says what to do
        logger.debug("not known whether anything is new: %s", error)
        return False
    plan.fill(report, request.datasets)
    report.seconds = time.monotonic() - started
    return True


def _keep_plan(keeper: PlanKeeper, plan: FinishedPlan) -> None:
    try:
        keeper.keep(plan)
    except LoaderError as error:
        logger.warning("the next run asks the warehouse though nothing is new: %s", error)


def _host() -> str:
    """The name of the warehouse's host without its port, which a local warehouse changes at each
    start, and the profile that may name another; one that only the SDK knows is left out."""
    host = os.environ.get("DATABRICKS_HOST", "")
    try:
        name = urlsplit(host if "//" in host else f"https://{host}").hostname
    except ValueError:  # which `connect` explains
        name = host
    return f"{name} {os.environ.get('DATABRICKS_CONFIG_PROFILE', '')}"


def _reason(error: BaseException) -> str:
    """Why a run stopped: the message of an error that has one for people, else its class."""
    has_message = isinstance(error, LoaderError | OSError)
    return str(error) if has_message else f"stopped by {type(error).__name__}"


def log(options: argparse.Namespace) -> int:
    """Run `load-bronze log`: print entries of the load log."""
    sources = find_sources(options.sources)
    chosen = choose(read_datasets(sources), options.dataset, sources)
    (catalog,) = _settings(("DATABRICKS_CATALOG", "--catalog", options.catalog))
    take_credentials(options.service_credential, options.secret_scope)
    with connect(options.http_path) as connected:
        schema = BronzeSchema(catalog, _schema_name(options), "")
        names = [*(dataset.name for dataset in chosen), LOG_TABLE]
        inventory = TableInventory(RetryingWarehouse(connected), schema, names)
        Tables(inventory, chosen)  # raises for a table that is not the loader's
        entries = LoadLog(inventory).entries(options.dataset, options.status, options.limit)
    listings.print_log(entries, options.json)
    return DONE


def datasets(options: argparse.Namespace) -> int:
    """Run `load-bronze datasets`: print the declared datasets and their files."""
    sources = find_sources(options.sources)
    declared = read_datasets(sources)
    remarked = list(remarks(declared, sources))
    if options.check:
        if remarked:
            raise ConfigurationError("\n".join(f"{sources}: {remark}" for remark in remarked))
        return DONE
    (landing_url,) = _settings(("LANDING_URL", "--landing", options.landing), warehouse=False)
    take_credentials(options.service_credential, options.secret_scope)
    listings.print_datasets(declared, Landing(landing_url).list().files, remarked, options.json)
    return DONE


def mark_green(options: argparse.Namespace) -> int:
    """Run `load-bronze mark-green`: note the build as the last one that was well."""
    if not options.build:
        print("Not marked: the loader has left something to its next run")
        return DONE
    (lakehouse_url,) = _settings(
        ("LAKEHOUSE_URL", "--lakehouse", options.lakehouse), warehouse=False
    )
    take_credentials(options.service_credential, options.secret_scope)
    schema = BronzeSchema("", _schema_name(options), lakehouse_url.rstrip("/"))
    _green_build(options, schema).mark(options.build)
    print("Marked: until something is new there is nothing to build")
    return DONE


def _compare_builds(options: argparse.Namespace, report: RunReport) -> None:
    """Say in `report` what a build of this state of bronze is, and whether it has been done well;
    if it is to be done, the mark of the last one is taken back."""
    (lakehouse_url,) = _settings(("LAKEHOUSE_URL", "--lakehouse", options.lakehouse))
    schema = BronzeSchema("", _schema_name(options), lakehouse_url.rstrip("/"))
    report.build = build_id(report.bronze, options.build_of)
    green = _green_build(options, schema)
    done = bool(report.build) and green.read() == report.build
    report.is_built = done and not options.build_anyway
    if not (report.is_built or options.dry_run):
        green.take_back()


def _green_build(options: argparse.Namespace, schema: BronzeSchema) -> GreenBuild:
    return GreenBuild(ConditionalObject(f"{_folder(options, schema)}/green.json", s3_client()))


def exit_code(report: RunReport, refused_ok: bool) -> int:
    """The exit code of a run that came to its end."""
    if report.count(Result.FAILED):
        return FAILED
    return SOME_REFUSED if report.count(Result.REFUSED) and not refused_ok else DONE


def _choice(options: argparse.Namespace) -> Choice:
    if options.full_refresh and (options.max_files or options.since):
        raise ConfigurationError(
            "--full-refresh takes every file; it does not go with --max-files or --since"
        )
    return Choice(
        force=tuple(pattern for pattern in options.force if pattern),
        full_refresh=options.full_refresh,
        since=options.since,
        max_files=options.max_files,
        allow_duplicates=options.allow_duplicate_content,
        fail_fast=options.fail_fast,
        verify=options.verify,
        dry_run=options.dry_run,
    )


def _lease(
    options: argparse.Namespace,
    schema: BronzeSchema,
    run_id: str,
    client: Any,
    datasets: Sequence[str],
    declared: Sequence[str],
) -> Lease:
    """The lease on the schema, not taken yet; the store is proven to honour conditional writes."""

    def new_client() -> Any:
        take_credentials(options.service_credential, options.secret_scope)
        return s3_client()

    if given := _lease_url(options):
        check_bucket(client, given.rstrip("/"), "LEASE_URL or --lease-url")
    folder = _folder(options, schema)
    prove_conditional_writes(ConditionalObject(f"{folder}/probe.json", client))
    tables = schema.location("_load_bronze")
    if urlsplit(folder).netloc != urlsplit(tables).netloc:
        _prove_of_tables(ConditionalObject(f"{tables}/probe.json", client))
    place = ConditionalObject(f"{folder}/lease.json", client, new_client)
    return Lease(place, run_id, options.lease_seconds, options.wait, datasets, declared)


def _prove_of_tables(probe: ConditionalObject) -> None:
    """Prove the lakehouse's store too where the lease is in another one: it takes Delta's commits.

    A loader whose lease is elsewhere need not have the right to write there; it says so then.
    """
    try:
        prove_conditional_writes(probe)
    except AccessDenied:
        logger.warning(
            "that the lakehouse honours conditional writes is not proven: no right to write %s",
            probe.url,
        )


def _lease_url(options: argparse.Namespace) -> str | None:
    return options.lease_url or os.environ.get("LEASE_URL")


def _folder(options: argparse.Namespace, schema: BronzeSchema) -> str:
    """The URL of the folder of the lease and of the finished plan."""
    return str(_lease_url(options) or schema.location("_load_bronze")).rstrip("/")


def _ask_for_full_refresh(names: Sequence[str], landing_url: str) -> None:
    what = (
        f"--full-refresh loads every file of {', '.join(names)} in {landing_url} again, and "
        "removes the rows of files that are no longer there"
    )
    if not sys.stdin.isatty():
        raise ConfigurationError(f"{what}. Nobody can be asked here: say --yes")
    print(f"{what}. Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise ConfigurationError("nothing was done")


def _schema_name(options: argparse.Namespace) -> str:
    """The name of the schema, in lower case as `information_schema` shows it."""
    name = str(options.schema or os.environ.get("BRONZE_SCHEMA") or _default_schema()).lower()
    if len(name) > 255 or not name.isprintable() or set(name) & set(" ./"):
        raise ConfigurationError(
            f"BRONZE_SCHEMA or --schema: {name!r} is no schema's name, which has 255 characters at "
            "most, and no blank, dot or slash"
        )
    return name


def _default_schema() -> str:
    is_local = is_loopback(os.environ.get("DATABRICKS_HOST", ""))
    return default_schemas(is_local=is_local)["bronze"]


def _settings(*asked: tuple[str, str, str | None], warehouse: bool = True) -> list[str]:
    """The value of each (variable, option, given value). Raises ConfigurationError that names all
    that are not set; DATABRICKS_HOST too, if there is to be a `warehouse`.

    Where nothing at all is set, the command starts again on the local services.
    """
    values = [given or os.environ.get(variable) or "" for variable, _, given in asked]
    missing = [
        f"{variable} (or {option})"
        for (variable, option, _), value in zip(asked, values, strict=True)
        if not value
    ]
    if warehouse and not host_is_known():
        missing.append("DATABRICKS_HOST")
    if len(missing) == len(asked) + warehouse and not host_is_known():
        try:
            local_session.enter("load-bronze", sys.argv[1:], missing=missing[0])
        except local_session.SessionError as error:
            raise ConfigurationError(str(error)) from error
    if missing:
        raise ConfigurationError(f"not set: {', '.join(missing)}; {ON_A_LAPTOP}")
    return values


_OTHERS: dict[str, Callable[[argparse.Namespace], int]] = {
    "log": log,
    "datasets": datasets,
    "mark-green": mark_green,
}
