"""Names: of the dataset, and of columns in views and silver, each plain in SQL, YAML and Jinja."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import cache

import yaml

from new_dataset.dataset import KEY
from new_dataset.errors import NewDatasetError

MAX_LENGTH = 40  # so that a line of SQL with the name and its alias stays readable
_DATASET = re.compile(r"[a-z][a-z_]+[a-z]")  # as dbt-bouncer.yml has model names
_COLUMN = re.compile(r"[a-z][a-z0-9_]*")
_LAYERS = ("bronze_", "silver_", "gold_", "stg_", "int_", "dim_", "fct_", "checked_", "rejected_")
# https://docs.databricks.com/sql/language-manual/sql-ref-reserved-words, those of ANSI mode too
_RESERVED = frozenset(
    re.findall(
        r"\w+",
        """
    all and anti any array as at authorization between both by case cast check collate column commit
    constraint create cross cube current current_date current_time current_timestamp current_user
    default delete describe distinct drop else end escape except exists external extract false fetch
    filter for foreign from full function global grant group grouping having in inner insert
    intersect interval into is join lateral leading left like local minus natural no not null of on
    only or order out outer overlaps partition position primary range references revoke right
    rollback rollup row rows select semi session_user set some start table tablesample then to
    trailing true truncate union unique unknown update user using values when where with
    """,
    )
)
# What macros/checked_lines.sql and the checked model call their own columns.
_TAKEN = (KEY, "line_hash", "occurrence", "cheap_key", "reject_reasons")


def check_dataset_name(name: str) -> None:
    """Raises NewDatasetError, with what to write instead, for a name that no model can have."""
    if not _DATASET.fullmatch(name) or "__" in name:
        raise NewDatasetError(
            f"{name!r} is no name for a dataset: lower-case letters and single _ between them, "
            "three or more, such as daily_returns"
        )
    layer = next((prefix for prefix in _LAYERS if name.startswith(prefix)), None)
    if layer:
        raise NewDatasetError(
            f"{name}: the models of a dataset get their prefixes from its name; leave out {layer}"
        )
    if name == "load_log":
        raise NewDatasetError("load_log is the loader's own table; give the dataset another name")
    if name in _RESERVED or yaml.safe_load(name) != name:
        raise NewDatasetError(
            f"{name} is a word of SQL or YAML, so every query on it would have to quote it; "
            f"take another, such as {name}_lines"
        )


def column_names(
    source_names: Sequence[str], dataset: str, renamed: Mapping[str, str]
) -> dict[str, str]:
    """The name in views and silver for each of bronze's, in the same order.

    Letters of other alphabets are spelled in ASCII where they can be. A name that is a SQL keyword,
    begins with a digit or is used by the macros gets the dataset's before it: `date` of `returns`
    becomes `return_date`. `renamed` has the names that were asked for; raises NewDatasetError for
    one that is not plain.
    """
    for source_name, name in renamed.items():
        if source_name not in source_names:
            raise NewDatasetError(
                f"--rename {source_name}={name}: there is no column {source_name}; "
                f"the files have {', '.join(source_names)}"
            )
        if not is_plain(name) or len(name) > MAX_LENGTH:
            raise NewDatasetError(
                f"--rename {source_name}={name}: take lower-case letters, digits and _, "
                f"up to {MAX_LENGTH}, and no word of SQL"
            )
    bases = [
        renamed.get(source_name) or _ascii(source_name, place)
        for place, source_name in enumerate(source_names, start=1)
    ]
    names: dict[str, str] = {}
    for source_name, base in zip(source_names, bases, strict=True):
        name = base
        if source_name not in renamed and (not is_plain(base) or _is_derived(base, bases)):
            name = _shorten(f"{_singular(dataset)}_{base}")
        taken = {*names.values(), *renamed.values()} - {renamed.get(source_name, "")}
        names[source_name] = _numbered(name, taken)
    return names


def is_plain(name: str) -> bool:
    """Whether the name needs no quotes in SQL and YAML, and no macro uses it."""
    return (
        bool(_COLUMN.fullmatch(name))
        and name not in _TAKEN
        and name not in _RESERVED
        and name.upper() not in _keywords()
        and yaml.safe_load(name) == name
    )


def quoted(source_name: str) -> str:
    """A column of bronze in SQL, in back quotes where it needs them."""
    plain = _COLUMN.fullmatch(source_name) and source_name not in _RESERVED
    return source_name if plain else f"`{source_name}`"


def yaml_scalar(text: str) -> str:
    """The text as YAML reads it back, in quotes where it needs them."""
    if re.fullmatch(r"\w+", text) and yaml.safe_load(text) == text:
        return text
    return json.dumps(text, ensure_ascii=False)  # which YAML reads alike


def _ascii(source_name: str, place: int) -> str:
    text = unicodedata.normalize("NFKD", source_name.replace("ß", "ss"))
    spelled = re.sub(r"[^a-z0-9_]+", "", text.encode("ascii", "ignore").decode().lower())
    return _shorten(re.sub(r"__+", "_", spelled).strip("_") or f"column_{place}")


def _shorten(name: str) -> str:
    return name[:MAX_LENGTH].rstrip("_")


def _is_derived(name: str, names: Sequence[str]) -> bool:
    """Whether the checked model makes a column of that name from another one."""
    return (name.startswith("raw_") and name.removeprefix("raw_") in names) or (
        name.endswith("_text") and name.removesuffix("_text") in names
    )


def _singular(dataset: str) -> str:
    return dataset[:-1] if dataset.endswith("s") and not dataset.endswith("ss") else dataset


def _numbered(name: str, taken: Collection[str]) -> str:
    numbered, number = name, 1
    while numbered in taken:
        number += 1
        numbered = f"{name}_{number}"
    return numbered


@cache
def _keywords() -> frozenset[str]:
    """The words that sqlfluff, with which `make lint` reads the models, takes for keywords."""
    try:
        from sqlfluff.core.dialects import dialect_selector
    except ImportError as error:
        raise NewDatasetError(
            "sqlfluff is not installed, whose list of SQL keywords is needed; run make setup"
        ) from error
    return frozenset(dialect_selector("databricks").sets("unreserved_keywords"))
