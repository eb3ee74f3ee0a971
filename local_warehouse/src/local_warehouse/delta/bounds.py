"""Bounds of DECIMALs in a table's log, which the engine reads as other numbers.

It takes the least and greatest values of a file from the log, where they are exact, by way of a
DOUBLE, which has 15 digits. It passes over files by them, and it does not read a column at all
whose least value in a file is the greatest. So bounds with more digits are taken out, by a commit
that adds the file once more:
https://github.com/delta-io/delta/blob/master/PROTOCOL.md#add-file-and-remove-file
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from local_warehouse.catalog.model import Relation
from local_warehouse.delta import log as delta_log
from local_warehouse.delta import tables as delta_tables
from local_warehouse.storage import objects

_READ = 10**15  # up to which the engine reads a DECIMAL's digits as they are
_LONG = re.compile(r"decimal\((?:1[6-9]|[23]\d),([1-9]\d?)\)")


def may_be_inexact(relation: Relation) -> bool:
    """Whether a table has DECIMALs with more digits than the engine reads, or unknown columns."""
    return not relation.columns or bool(_scales(relation))


def take_out_inexact(relation: Relation, commit: delta_log.Commit) -> None:
    """Take the bounds that the engine would read as others out of the files of a commit."""
    location = relation.path
    scales = _scales_in_log(commit) if commit.has("metaData") else _scales(relation)
    adds = {add["path"]: add for add in _corrected(commit.actions, scales)}
    version = commit.version
    while adds:
        info = {
            "timestamp": int(time.time() * 1000),
            "operation": "COMPUTE STATS",
            "operationParameters": {},
            "isBlindAppend": False,
            "engineInfo": "local-warehouse",
        }
        actions = [{"commitInfo": info}, *({"add": add} for add in adds.values())]
        body = "\n".join(map(json.dumps, actions)).encode()
        if objects.put_if_absent(delta_log.entry_url(location, version + 1), body):
            delta_tables.checkpoint_if_due(location, version + 1)
            return
        for winner in delta_log.commits_after(location, version):
            version = winner.version
            for action in winner.actions:  # the newest of a file holds
                for kind in action.keys() & {"add", "remove"}:
                    adds.pop(action[kind]["path"], None)


def _scales(relation: Relation) -> dict[str, int]:
    """The scales of the long DECIMALs by the names of their columns."""
    return _found((column.name, column.type) for column in relation.columns)


def _scales_in_log(commit: delta_log.Commit) -> dict[str, int]:
    texts = (
        action["metaData"]["schemaString"] for action in commit.actions if "metaData" in action
    )
    fields = [field for text in texts for field in json.loads(text)["fields"]]
    return _found((field["name"], json.dumps(field["type"])) for field in fields)


def _found(types: Iterable[tuple[str, str]]) -> dict[str, int]:
    scales = {name: _LONG.findall(data_type) for name, data_type in types}
    return {name: max(map(int, found)) for name, found in scales.items() if found}


def _corrected(
    actions: Iterable[dict[str, Any]], scales: Mapping[str, int]
) -> Iterable[dict[str, Any]]:
    for action in actions:
        add = action.get("add") or {}
        stats = json.loads(add.get("stats") or "{}", parse_float=Decimal)
        exact = {
            kind: {
                name: _exact(bound, scales[name]) if name in scales else bound
                for name, bound in stats[kind].items()
            }
            for kind in ("minValues", "maxValues")
            if stats.get(kind)
        }
        if any(exact[kind] != stats[kind] for kind in exact):
            written = json.dumps(_without_none(stats | exact), default=float)
            yield {**add, "stats": written, "dataChange": False}


def _exact(bound: Any, scale: int) -> Any:
    """A bound, or those of a STRUCT's fields, with None in place of what has too many digits."""
    if isinstance(bound, dict):
        return {name: _exact(inner, scale) for name, inner in bound.items()}
    is_number = isinstance(bound, (int, Decimal))
    return None if is_number and abs(Decimal(bound).scaleb(scale)) >= _READ else bound


def _without_none(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _without_none(inner) for name, inner in value.items() if inner is not None}
