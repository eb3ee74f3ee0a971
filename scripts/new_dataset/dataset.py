"""What passes from the samples to the writers: a dataset and its columns."""

from __future__ import annotations

from dataclasses import dataclass, field

from bronze_loader.datasets.csv_options import CsvOptions

KEY = "line_id"
DATE, TIMESTAMP, WHOLE, DECIMAL, TEXT = "date", "timestamp", "whole", "decimal", "text"
KINDS = (TEXT, DATE, TIMESTAMP, WHOLE, DECIMAL)
_SQL_TYPES = {TEXT: "string", DATE: "date", TIMESTAMP: "timestamp", WHOLE: "bigint"}


@dataclass(frozen=True)
class ColumnType:
    """What a column's texts are read as; `precision` and `scale` are those of a decimal.

    `is_signed` lets a number be negative, `is_required` rejects a line whose value is blank.
    """

    kind: str = TEXT
    is_required: bool = True
    is_signed: bool = False
    precision: int = 18
    scale: int = 2

    @property
    def data_type(self) -> str:
        """The SQL type, such as `decimal(18,2)`."""
        if self.kind == DECIMAL:
            return f"decimal({self.precision},{self.scale})"
        return _SQL_TYPES[self.kind]

    def described(self) -> str:
        """The type in the words that a correction is written in: `decimal optional`."""
        return self.kind if self.is_required else f"{self.kind} optional"


@dataclass(frozen=True)
class Column:
    """One column: its name in bronze, as the loader normalises the header, and the name that
    views and silver have for it. `in_every_file` says whether each sample file has it, `is_id`
    whether its values have the form of an id."""

    source_name: str
    name: str
    type: ColumnType = field(default_factory=ColumnType)
    in_every_file: bool = True
    is_id: bool = False

    @property
    def words(self) -> str:
        """The name as the beginning of a sentence: `Returned at`."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class NewDataset:
    """Everything that the written files say. `options` are those that files must be read with;
    `has_gold` asks for a gold table."""

    name: str
    location: str
    columns: tuple[Column, ...]
    options: CsvOptions = field(default_factory=CsvOptions)
    has_gold: bool = False

    @property
    def words(self) -> str:
        """The name in words: `daily returns`."""
        return self.name.replace("_", " ")

    @property
    def names(self) -> list[str]:
        """The names of the columns in silver, in the order of the file."""
        return [column.name for column in self.columns]

    @property
    def optional(self) -> list[str]:
        """The names of the columns that may be blank."""
        return [column.name for column in self.columns if not column.type.is_required]

    @property
    def required(self) -> list[str]:
        """The names of the columns without which a line is rejected."""
        return [column.name for column in self.columns if column.type.is_required]

    @property
    def ids(self) -> list[str]:
        """The names of the columns whose values have the form of an id."""
        return [column.name for column in self.columns if column.is_id]

    @property
    def ranges(self) -> dict[str, str]:
        """The kind of range, as the seed plausible_ranges has it, of each typed column by name."""
        kinds = {WHOLE: "number", DECIMAL: "number"}
        return {column.name: kinds.get(column.type.kind, column.type.kind) for column in self.typed}

    @property
    def typed(self) -> list[Column]:
        """The columns that are more than text."""
        return [column for column in self.columns if column.type.kind != TEXT]

    def groups(self) -> list[tuple[str, list[Column]]]:
        """The columns under the headings that a select list has, without empty ones."""
        headings = {
            "dates and times": (DATE, TIMESTAMP),
            "numbers": (WHOLE, DECIMAL),
            "text": (TEXT,),
        }
        grouped = [
            (heading, [column for column in self.columns if column.type.kind in kinds])
            for heading, kinds in headings.items()
        ]
        return [(heading, columns) for heading, columns in grouped if columns]

    @property
    def in_order(self) -> list[Column]:
        """The columns in the order of `groups`, which silver and gold have."""
        return [column for _, columns in self.groups() for column in columns]
