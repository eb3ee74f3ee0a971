"""Values of options that several formats have; each reader raises InvalidOption by its name."""

from __future__ import annotations

from enum import Enum

from local_warehouse.read_files.errors import InvalidOption

OptionValue = str | bool | int | None


class Mode(Enum):
    """The treatment of a record of the wrong shape: kept, left out, or an error."""

    PERMISSIVE = "PERMISSIVE"
    DROPMALFORMED = "DROPMALFORMED"
    FAILFAST = "FAILFAST"


def as_boolean(name: str, value: OptionValue) -> bool:
    """A boolean, or its text in any case."""
    text = str(value).lower()
    if text not in ("true", "false"):
        raise InvalidOption(f"read_files: option {name} is true or false, not {value!r}")
    return text == "true"


# The character sets that Spark 4 reads, and the names that Python has for them.
_ENCODINGS = {
    "utf-8": "utf-8",
    "us-ascii": "ascii",
    "iso-8859-1": "latin-1",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32": "utf-32",
}


def as_encoding(name: str, value: OptionValue) -> str:
    """Python's name of a character set that Spark 4 reads."""
    try:
        return _ENCODINGS[str(value).lower()]
    except KeyError:
        raise InvalidOption(
            f"[INVALID_PARAMETER_VALUE.CHARSET] read_files: option {name} is one of "
            f"{', '.join(_ENCODINGS)}, not {value!r}"
        ) from None


def as_mode(name: str, value: OptionValue) -> Mode:
    """A mode by its name in any case."""
    try:
        return Mode(str(value).upper())
    except ValueError:
        modes = ", ".join(mode.value for mode in Mode)
        raise InvalidOption(f"read_files: option {name} is one of {modes}, not {value!r}") from None
