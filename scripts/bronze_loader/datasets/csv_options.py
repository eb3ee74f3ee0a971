"""The options in which a dataset's CSV is declared, with errors that say where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bronze_loader.datasets.charsets import charset, codec_of
from bronze_loader.errors import ConfigurationError

OPTION_NAMES = (
    "delimiter", "quote", "escape", "encoding", "multi_line", "null_value", "skip_rows",
)  # fmt: skip


@dataclass(frozen=True)
class CsvOptions:
    """How a dataset's CSV is written. None means that each file shows it."""

    delimiter: str | None = None
    encoding: str | None = None
    quote: str | None = None
    escape: str | None = None
    multi_line: bool = True
    null_value: str | None = None
    skip_rows: int = 0


def read_options(declared: object, where: str) -> CsvOptions:
    """The options of a block of the source YAML. Raises ConfigurationError that begins with `where`
    for what the loader cannot take."""
    if not isinstance(declared, Mapping):
        raise ConfigurationError(f"{where}: `external.options` must be a block of options")
    unknown = [str(key) for key in declared if key not in OPTION_NAMES]
    if unknown:
        raise ConfigurationError(
            f"{where}: unknown option {', '.join(unknown)}; known are {', '.join(OPTION_NAMES)}"
        )
    given = {key: value for key, value in declared.items() if value is not None}
    if given.get("delimiter") == "\\t":
        given["delimiter"] = "\t"
    for key in ("delimiter", "quote", "escape"):
        if key in given and (not isinstance(given[key], str) or len(given[key]) != 1):
            raise ConfigurationError(f"{where}: option {key} must be one character")
        if given.get(key) in ("\n", "\r"):
            raise ConfigurationError(f"{where}: option {key} cannot be a line break")
    if "quote" in given:
        given.setdefault("escape", given["quote"])
    for key in ("quote", "escape"):
        if "delimiter" in given and given.get(key) == given["delimiter"]:
            raise ConfigurationError(
                f"{where}: options delimiter and {key} are both {given[key]!r}; they must differ"
            )
    if not isinstance(given.get("multi_line", True), bool):
        raise ConfigurationError(f"{where}: option multi_line must be true or false")
    if "null_value" in given and not isinstance(given["null_value"], str):
        raise ConfigurationError(f"{where}: option null_value must be a text; put it in quotes")
    skip_rows = given.get("skip_rows", 0)
    if isinstance(skip_rows, bool) or not isinstance(skip_rows, int) or skip_rows < 0:
        raise ConfigurationError(f"{where}: option skip_rows must be a whole number, 0 or more")
    if "encoding" in given:
        try:
            given["encoding"] = charset(str(given["encoding"]))
        except (LookupError, ValueError) as error:
            raise ConfigurationError(f"{where}: option encoding: {error}") from error
    encoding = given.get("encoding", "UTF-8")
    for key in ("delimiter", "quote", "escape", "null_value"):
        try:
            given.get(key, "").encode(codec_of(encoding))
        except UnicodeEncodeError as error:
            raise ConfigurationError(
                f"{where}: option {key}: {encoding} has no {given[key]!r}, so no file can hold it; "
                "declare the encoding that the files are in"
            ) from error
    return CsvOptions(**given)
