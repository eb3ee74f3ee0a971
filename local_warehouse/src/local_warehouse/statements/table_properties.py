"""Table properties whose names begin with `delta.`: which there are, and what their values may be.

A property that Delta Lake does not know, or a value that it cannot read, is refused as it is there.
https://docs.databricks.com/aws/en/delta/table-properties
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from local_warehouse.errors import SqlError

_PREFIX = "delta."
_GROUPS = ("constraints.", "feature.")  # of names that may end anyhow
_BOOLEANS = (
    "appendOnly", "autoOptimize", "autoOptimize.autoCompact", "autoOptimize.optimizeWrite",
    "checkpoint.writeStatsAsJson", "checkpoint.writeStatsAsStruct",
    "compatibility.symlinkFormatManifest.enabled", "enableChangeDataCapture",
    "enableChangeDataFeed", "enableDeletionVectors", "enableExpiredLogCleanup",
    "enableFullRetentionRollback", "enableIcebergCompatV1", "enableIcebergCompatV2",
    "enableIcebergCompatV3", "enableInCommitTimestamps", "enableRowTracking",
    "enableTypeWidening", "enableVariantShredding", "ignoreProtocolDefaults",
    "randomizeFilePrefixes", "rowTrackingSuspended", "sampling.enabled",
    "tuneFileSizesForRewrites",
)  # fmt: skip
_DURATIONS = (
    "checkpointRetentionDuration", "deletedFileRetentionDuration",
    "dropFeatureTruncateHistory.retentionDuration", "logRetentionDuration",
    "sampleRetentionDuration", "setTransactionRetentionDuration",
)  # fmt: skip
_LEAST = {
    "checkpointInterval": 1, "columnMapping.maxColumnId": 0, "dataSkippingNumIndexedCols": -1,
    "minReaderVersion": 1, "minWriterVersion": 1, "randomPrefixLength": 1,
}  # fmt: skip
_MOST = {"minReaderVersion": 3, "minWriterVersion": 7}
_CHOICES = {
    "checkpointPolicy": ("classic", "v2"),
    "columnMapping.mode": ("none", "name", "id"),
    "isolationLevel": ("Serializable", "WriteSerializable"),
    "parquet.compression.codec": (
        *("brotli", "gzip", "lz4", "lz4_raw", "lzo"),
        *("none", "snappy", "uncompressed", "zstd"),
    ),
}
_TEXTS = (
    "clusteringColumns", "dataSkippingStatsColumns", "managedDataSkippingStatsColumns",
    "rowTracking.materializedRowCommitVersionColumnName",
    "rowTracking.materializedRowIdColumnName", "targetFileSize", "universalFormat.enabledFormats",
)  # fmt: skip
_DURATION = re.compile(
    r"\s*(interval\s+)?([+-]?\d+\s+(week|day|hour|minute|second|millisecond|microsecond)s?\s*)+",
    re.IGNORECASE,
)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)


def check(properties: Mapping[str, str]) -> None:
    """Raise SqlError (DELTA_UNKNOWN_CONFIGURATION, DELTA_CANNOT_SET_TABLE_PROPERTY) for a property
    that Delta does not know, or a value that is none of it."""
    for name, value in properties.items():
        if not name.lower().startswith(_PREFIX):
            continue
        short = name[len(_PREFIX) :].lower()
        if short.startswith(_GROUPS):
            continue
        if short not in _KNOWN:
            raise SqlError(
                "DELTA_UNKNOWN_CONFIGURATION",
                f"Unknown configuration was specified: {name}. Names that begin with {_PREFIX} are"
                " Delta's own; give yours another beginning.",
            )
        is_valid, wanted = _KNOWN[short]
        if not is_valid(value):
            raise SqlError(
                "DELTA_CANNOT_SET_TABLE_PROPERTY",
                f"{name} needs to be {wanted}, and is {value!r}.",
            )


def _is_boolean(value: str) -> bool:
    return value.lower() in ("true", "false")


def _is_duration(value: str) -> bool:
    return _DURATION.fullmatch(value) is not None


def _number(least: int, most: int | None) -> tuple[Callable[[str], bool], str]:
    def is_number(value: str) -> bool:
        if not _INTEGER.fullmatch(value):
            return False
        return least <= int(value) and (most is None or int(value) <= most)

    bounds = f"from {least} to {most}" if most is not None else f"from {least}"
    return is_number, f"a whole number {bounds}"


def _choice(values: tuple[str, ...]) -> tuple[Callable[[str], bool], str]:
    known = {value.lower() for value in values}
    return lambda value: value.lower() in known, f"one of {', '.join(values)}"


_OF_DURATION = (_is_duration, "a duration such as 'interval 2 weeks', without months and years")
_KNOWN: dict[str, tuple[Callable[[str], bool], str]] = {
    **{name.lower(): (_is_boolean, "true or false") for name in _BOOLEANS},
    **{name.lower(): _OF_DURATION for name in _DURATIONS},
    **{name.lower(): _number(least, _MOST.get(name)) for name, least in _LEAST.items()},
    **{name.lower(): _choice(values) for name, values in _CHOICES.items()},
    **{name.lower(): (lambda value: True, "a text") for name in _TEXTS},
}
