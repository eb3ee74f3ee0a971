"""`preview-dashboard`: draws the dashboard's file from a SQL warehouse, as a page and pictures.

Exit codes: 0 done, 1 the warehouse failed, 2 wrong use or a dashboard that cannot be read.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

import local_session
from dashboard_preview.definition import Dashboard, DashboardError, read_dashboard
from dashboard_preview.results import fetch
from dashboard_preview.selections import read_selections
from dashboard_preview.tiles import tile_pages
from local_session import output
from local_session.command_end import ending_with_its_reader
from local_session.names import layer_schemas
from local_session.sql_connection import WarehouseError, open_warehouse

_ROW_LIMIT = 1_000_000


@ending_with_its_reader
def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    options = _parser().parse_args(arguments)
    console = output.console(soft_wrap=True)
    try:
        if not os.environ.get("DATABRICKS_HOST"):
            local_session.enter("preview-dashboard", arguments, missing="DATABRICKS_HOST")
        path = options.dashboard or local_session.project_root() / "dashboards/sales.lvdash.json"
        _write(read_dashboard(path), options, console)
    except (DashboardError, local_session.SessionError) as error:
        return _fail(str(error), 2)
    except (WarehouseError, OSError) as error:
        return _fail(local_session.told(error), 1)
    return 0


def _fail(message: str, code: int) -> int:
    print(f"preview-dashboard: {message}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="preview-dashboard",
        description="Fill an AI/BI dashboard from the SQL warehouse that the environment names, "
        "and write it as a page that works offline, and as pictures.",
        epilog="Exit codes: 0 done, 1 the warehouse failed, 2 wrong use.",
    )
    parser.add_argument(
        "dashboard", nargs="?", type=Path, metavar="FILE",
        help="a .lvdash.json file, default dashboards/sales.lvdash.json",
    )  # fmt: skip
    parser.add_argument(
        "--schema", default=os.environ.get("DASHBOARD_SCHEMA") or layer_schemas()["gold"],
        help="the schema of the tables that the queries name, default DASHBOARD_SCHEMA or gold",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write, default .lakehouse/dashboard"
    )
    parser.add_argument(
        "--rows", type=int, default=_ROW_LIMIT, metavar="N",
        help="the most rows of a dataset that the page can filter by (default %(default)s); with "
        "more, its charts are drawn but not filtered",
    )  # fmt: skip
    parser.add_argument(
        "--filter", action="append", default=[], metavar="NAME=VALUE",
        help="set a filter, named by its field: platform=shopee, sold_on=2026-01-01..2026-01-31; "
        "the warehouse then counts with it. May be given several times, for several values too",
    )  # fmt: skip
    parser.add_argument(
        "--no-pictures", dest="pictures", action="store_false", help="write the page alone"
    )
    return parser


def _write(dashboard: Dashboard, options: argparse.Namespace, console: Console) -> None:
    chosen = read_selections(options.filter, dashboard)
    with open_warehouse() as run_query:
        run_query(f"use schema `{options.schema.replace('`', '``')}`")
        results = fetch(dashboard, run_query, options.rows, chosen)
    pages = tile_pages(dashboard, results)
    # Imported late, so that --help does not wait for an engine of a hundred megabytes.
    from dashboard_preview.page import page
    from dashboard_preview.picture import pictures

    folder = options.out or local_session.state_dir() / "dashboard"
    folder.mkdir(parents=True, exist_ok=True)
    name = (options.dashboard or Path("sales.lvdash.json")).name.removesuffix(".lvdash.json")
    html = folder / f"{name}.html"
    cache = local_session.state_dir() / "cache"
    html.write_text(
        page(dashboard, pages, results, _origin(options.schema), cache), encoding="utf-8"
    )
    for scheme, picture in pictures(dashboard, pages, results) if options.pictures else ():
        png = folder / (f"{name}.png" if scheme == "light" else f"{name}-{scheme}.png")
        png.write_bytes(picture)
        console.print(f"As a picture, {scheme}: {local_session.display_path(png)}")
    console.print(f"The dashboard: {local_session.display_path(html)}")


def _origin(schema: str) -> str:
    """The schema that the numbers are from, and the time."""
    catalog = os.environ.get("DATABRICKS_CATALOG")
    place = f"{catalog}.{schema}" if catalog else schema
    return f"{place}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


if __name__ == "__main__":
    sys.exit(main())
