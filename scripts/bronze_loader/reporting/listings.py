"""What `load-bronze log` and `load-bronze datasets` show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from bronze_loader.datasets.declaration import Dataset
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.planning.plan import unmatched
from bronze_loader.reporting.console import SHOWN, out, printable


def print_log(entries: Sequence[dict[str, Any]], as_json: bool) -> None:
    """Print log entries in the order given, as a table or as JSON lines."""
    if as_json:
        for entry in entries:
            print(json.dumps(entry, default=_as_json, ensure_ascii=False))
        return
    if not entries:
        print("The log has no such entry.")
        return
    table = Table("logged at", "dataset", "status")
    table.add_column("rows", justify="right")
    table.add_column("malformed", justify="right")
    table.add_column("file, reason", overflow="fold")
    for entry in entries:
        said = printable(entry["source_file"])
        if entry["reason"]:
            said += f"\n{printable(entry['reason'])}"
        table.add_row(
            f"{entry['logged_at']:%Y-%m-%d %H:%M:%S}",
            entry["dataset"],
            entry["status"],
            f"{entry['row_count']:,}",
            f"{entry['corrupt_row_count']:,}",
            Text(said),
        )
    out().print(table)


def print_datasets(
    declared: Sequence[Dataset],
    listed: Sequence[LandingFile],
    remarked: Sequence[str],
    as_json: bool,
) -> None:
    """Print each dataset with the number and size of its files, then what was remarked about the
    declaration, then the files that belong to no dataset; as a table or as JSON lines."""
    rest = unmatched(listed, declared)
    files = {d.name: [f for f in listed if d.matches(f.relative_key)] for d in declared}
    if as_json:
        for dataset in declared:
            mine = files[dataset.name]
            said = {
                "type": "dataset",
                "dataset": dataset.name,
                "location": dataset.location,
                "columns": list(dataset.column_names),
                "required": list(dataset.required_names),
                "files": len(mine),
                "bytes": sum(file.size for file in mine),
            }
            print(json.dumps(said, ensure_ascii=False))
        for remark in remarked:
            print(json.dumps({"type": "warning", "warning": remark}, ensure_ascii=False))
        for file in rest:
            said = {"type": "unmatched", "source_file": file.url, "source_size": file.size}
            print(json.dumps(said, ensure_ascii=False))
        return
    console = out()
    table = Table("dataset", "location", "columns (* required)")
    table.add_column("files", justify="right")
    table.add_column("size", justify="right")
    for dataset in declared:
        mine = files[dataset.name]
        columns = ", ".join(c.name + "*" * c.required for c in dataset.columns)
        table.add_row(
            dataset.name,
            Text(dataset.location),
            columns,
            f"{len(mine):,}",
            decimal(sum(file.size for file in mine)),
        )
    console.print(table)
    for remark in remarked:
        console.print(Text(f"warning: {printable(remark)}"))
    for file in rest[:SHOWN]:
        console.print(Text(f"belongs to no dataset: {printable(file.url)}, {decimal(file.size)}"))
    if len(rest) > SHOWN:
        console.print(f"… and {len(rest) - SHOWN:,} more; --json lists them all")


def _as_json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
