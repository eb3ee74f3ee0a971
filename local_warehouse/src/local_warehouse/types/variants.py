"""VARIANT: how it is known among Arrow's types, and its values as JSON.

https://github.com/apache/parquet-format/blob/master/VariantEncoding.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa

SQL_NAME = "VARIANT"
_PARTS = {"value", "metadata"}
# A text, which stays, or the end of a number that the engine keeps as a DOUBLE.
_WHOLE = re.compile(r'("(?:[^"\\]|\\.)*")|(?<=\d)\.0(?![\deE])')
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|.)")


def is_variant(arrow_type: pa.DataType) -> bool:
    """Whether an Arrow type is the engine's of a VARIANT. A struct of an author has fields that can
    be NULL."""
    if not pa.types.is_struct(arrow_type) or {part.name for part in arrow_type} != _PARTS:
        return False
    binaries = (pa.binary(), pa.large_binary(), pa.binary_view())
    is_required = not arrow_type.field("metadata").nullable
    return is_required and all(part.type in binaries for part in arrow_type)


def to_json(value: Mapping[str, bytes | None]) -> str | None:
    """The JSON text of a VARIANT's binary parts; None where it is NULL."""
    from pyspark.sql.variant_utils import VariantUtils

    if value["value"] is None:
        return None
    text = VariantUtils.to_json(value["value"], value["metadata"])  # type: ignore[arg-type]
    text = _WHOLE.sub(lambda found: found[1] or "", text)
    if "\\u" not in text:
        return text
    return _ESCAPE.sub(_unescaped, text).encode("utf-16", "surrogatepass").decode("utf-16")


def _unescaped(escape: re.Match[str]) -> str:
    """A character in place of its number, which pyspark writes; not one that JSON has to escape."""
    return chr(int(escape[1], 16)) if escape[1] and int(escape[1], 16) >= 32 else escape[0]
