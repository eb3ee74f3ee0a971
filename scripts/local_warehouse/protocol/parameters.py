"""Parameter values of a request as SQL literals, so that binding cannot change a statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from local_warehouse import errors
from local_warehouse.dialect import literal

_TYPES = {
    "BIGINT", "BINARY", "BOOLEAN", "DATE", "DOUBLE", "FLOAT", "INT",
    "INTEGER", "SMALLINT", "STRING", "TIMESTAMP", "TIMESTAMP_NTZ", "TINYINT",
}  # fmt: skip


def to_literals(parameters: Sequence[Any] | None) -> tuple[dict[str, str], list[str]]:
    """Named and positional values of a list of TSparkParameter."""
    named: dict[str, str] = {}
    positional: list[str] = []
    for parameter in parameters or ():
        if parameter.name:
            named[parameter.name] = _literal(parameter)
        else:
            positional.append(_literal(parameter))
    return named, positional


def _literal(parameter: Any) -> str:
    kind = (parameter.type or "STRING").upper()
    text = parameter.value.stringValue if parameter.value is not None else None
    if kind == "VOID" or text is None:
        return "NULL"
    if kind == "STRING":
        return literal(text)
    if kind in _TYPES or (kind.startswith("DECIMAL(") and kind[8:-1].replace(",", "").isdigit()):
        return f"cast({literal(text)} as {kind})"
    if kind.startswith("INTERVAL"):
        return f"interval {literal(text)} {kind.removeprefix('INTERVAL').strip()}"
    raise errors.unsupported(f"parameters of type {kind}")
