"""`prove-workspace`: asks a workspace, once, about what the project could only assume of it.

Exit codes: 0 all that was asked held, 1 something did not, or was not reached, 2 wrong use or
configuration, 130 interrupted.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

import local_session
from bronze_loader.errors import ConfigurationError, LoaderError
from bronze_loader.warehouse.connection import ON_A_LAPTOP, connect, host_is_known
from local_session.command_end import INTERRUPTED, ending_with_its_reader
from workspace_proof import findings
from workspace_proof.findings import Finding
from workspace_proof.ground import NAME, Ground
from workspace_proof.proof import NOT_REACHED, prove, prove_removal

REFUSALS = (LoaderError, BotoCoreError, ClientError)


@ending_with_its_reader
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    logging.getLogger("databricks").setLevel(logging.CRITICAL)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        url = options.url or os.environ.get("LAKEHOUSE_URL", "")
        if not host_is_known():
            local_session.enter("prove-workspace", given, "DATABRICKS_HOST")
        if not url:
            raise ConfigurationError(f"no s3://BUCKET/PREFIX, nor LAKEHOUSE_URL; {ON_A_LAPTOP}")
        return _run(options, _checked_url(url))
    except (ConfigurationError, local_session.SessionError) as error:
        print(f"prove-workspace: {error}", file=sys.stderr)
        return 2
    except REFUSALS as error:
        print(f"prove-workspace: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("prove-workspace: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prove-workspace",
        description="Ask a workspace about what docs/verified.md lists as not verified: land a few "
        "files, load, build, test, change a file, kill the loader and go on, all in schemas and "
        "under a prefix of its own, which are removed at the end, also when it fails or is "
        "interrupted.",
        epilog="Exit codes: 0 all that was asked held, 1 something did not, 2 wrong use, "
        "130 interrupted.",
    )
    parser.add_argument(
        "url", nargs="?", metavar="s3://BUCKET/PREFIX",
        help="a place in an external location, in which tables may be made; default LAKEHOUSE_URL",
    )  # fmt: skip
    parser.add_argument(
        "--catalog", metavar="NAME", help="where schemas may be made; default DATABRICKS_CATALOG"
    )
    parser.add_argument(
        "--http-path", metavar="PATH", help="the SQL warehouse; default DATABRICKS_HTTP_PATH"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE",
        help="write a report to send in, which names no host, bucket or catalog",
    )  # fmt: skip
    parser.add_argument(
        "--name", type=_name, help="of the schemas and the prefix; default prove_ and a number"
    )
    parser.add_argument(
        "--remove", action="store_true",
        help="only remove what a run of this --name has left, as one that was killed",
    )  # fmt: skip
    return parser


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} does not read prove_ and a-z, 0-9, _")
    return text


def _checked_url(url: str) -> str:
    place = urlsplit(url)
    if place.scheme != "s3" or not place.netloc:
        raise ConfigurationError(f"{url!r} does not read s3://bucket or s3://bucket/prefix")
    return url.rstrip("/")


def _run(options: argparse.Namespace, url: str) -> int:
    catalog = options.catalog or os.environ.get("DATABRICKS_CATALOG")
    if not catalog:
        raise ConfigurationError("--catalog or DATABRICKS_CATALOG must name a catalog")
    if "`" in catalog:
        raise ConfigurationError(f"{catalog!r} is no name of a catalog")
    if options.remove and not options.name:
        raise ConfigurationError("--remove needs the --name that the run had")
    if options.http_path:
        os.environ["DATABRICKS_HTTP_PATH"] = options.http_path
    name = options.name or f"prove_{secrets.token_hex(4)}"
    root = local_session.project_root()
    listed = findings.listed_assumptions(root / "docs" / "verified.md")
    otherwise = listed | findings.listed_assumptions(
        root / "local_warehouse" / "docs" / "verified.md"
    )
    started, moment = time.monotonic(), datetime.now(UTC)
    with connect() as warehouse, closing(Ground(name, catalog, url, warehouse)) as ground:
        if left := ground.left():
            if options.remove:
                prove_removal(ground)
                print(f"{len(left)} schemas and objects of {name} are removed")
                return 0
            raise ConfigurationError(
                f"{name} is there already: {left[0]}; `prove-workspace --name {name} --remove` "
                "removes it"
            )
        if options.remove:
            print(f"there is nothing of {name}")
            return 0
        found = _prove_and_remove(ground)
    found = findings.all_of_them(found, listed)
    findings.print_table(found, otherwise)
    if options.json:
        about = {
            "started": moment.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - started),
            "versions": {
                each: version(each)
                for each in ("sales-lakehouse", "dbt-databricks", "databricks-sql-connector")
            },
        }
        host = urlsplit(os.environ.get("DATABRICKS_HOST", "")).hostname or ""
        hidden = (urlsplit(url).netloc, host, f"`{catalog}`")
        options.json.write_text(findings.report(found, about, hidden) + "\n")
        print(f"The report: {options.json}")
    unwell = any(f.held is False or f.seen == NOT_REACHED for f in found)
    return int(unwell)


def _prove_and_remove(ground: Ground) -> list[Finding]:
    """Every finding. What was made is removed, whatever ends the proof."""
    found: list[Finding] = []
    words = {True: "held", False: "did NOT hold", None: "not asked"}
    print(f"In schemas {', '.join(ground.schemas)}:", flush=True)
    try:
        for finding in prove(ground):
            found.append(finding)
            print(f"  {words[finding.held]:12}  {finding.assumption}", file=sys.stderr)
    except BaseException:
        print("prove-workspace: stopped; removing what was made …", file=sys.stderr)
        raise
    finally:
        try:
            found.append(prove_removal(ground))
        except BaseException:
            print(
                f"prove-workspace: schemas and objects of {ground.name} are left; "
                f"`prove-workspace --name {ground.name} --remove` removes them",
                file=sys.stderr,
            )
            raise
    return found


if __name__ == "__main__":
    sys.exit(main())
