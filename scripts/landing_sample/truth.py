"""The truth: the counts that the pipeline must arrive at, taken while the sample is written.

The rules are stated here a second time, in Python, on purpose: tests compare these counts with
those of the project's SQL. Memory grows with the number of customers, not of sales.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from landing_sample.layout import SampleFile
from landing_sample.lines import Line
from landing_sample.vocabulary import MISSPELT_PRODUCTS, PLATFORMS

# Column names in the files, each with its name in the reject reasons.
SALES_COLUMNS = {
    "createtime": "sold_on", "id": "customer_id", "product": "product",
    "quan": "quantity", "shop": "shop", "platform": "platform",
}  # fmt: skip
CUSTOMERS_COLUMNS = {
    "id": "customer_id", "customername": "customer_name", "gender": "gender", "age": "age",
}  # fmt: skip
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS = re.compile(r"[0-9]+")


def sale_reasons(values: Mapping[str, str], corrupt: bool) -> list[str]:
    """The reject reasons of a sales line, none when it is accepted.

    `values` are trimmed, by the column names of the files.
    """
    reasons = _common_reasons(values, SALES_COLUMNS, corrupt)
    if values["createtime"] and not _is_date(values["createtime"]):
        reasons.append("invalid_date")
    if values["quan"] and not _DIGITS.fullmatch(values["quan"]):
        reasons.append("invalid_quantity")
    elif values["quan"] and int(values["quan"]) < 1:
        reasons.append("implausible_quantity")
    if values["platform"] and values["platform"].lower() not in PLATFORMS:
        reasons.append("unknown_platform")
    return reasons


def customer_reasons(values: Mapping[str, str], corrupt: bool) -> list[str]:
    """The reject reasons of a customer line, none when it is accepted; `values` are trimmed."""
    reasons = _common_reasons(values, CUSTOMERS_COLUMNS, corrupt)
    if values["age"] and not _DIGITS.fullmatch(values["age"]):
        reasons.append("invalid_age")
    elif values["age"] and int(values["age"]) > 130:
        reasons.append("implausible_age")
    return reasons


def _common_reasons(
    values: Mapping[str, str], columns: Mapping[str, str], corrupt: bool
) -> list[str]:
    reasons = ["corrupt_line"] if corrupt else []
    reasons += [f"missing_{name}" for column, name in columns.items() if not values[column]]
    if any(values[column].startswith('"') and "\n" in values[column] for column in columns):
        reasons.append("unclosed_quote")
    return reasons


def _is_date(text: str) -> bool:
    if not _ISO_DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


class ExpectedCounts:
    """The counts of every layer after a wave."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self.reasons: dict[str, Counter[str]] = {"customers": Counter(), "sales": Counter()}
        self.gender_of: dict[str, str] = {}
        self.matched = 0
        self.charts: dict[str, Counter[str]] = {
            "orders_by_gender": Counter(), "units_by_platform": Counter(),
            "units_by_product": Counter(), "units_by_month": Counter(),
        }  # fmt: skip

    def add(self, dataset: str, values: Mapping[str, str], reasons: Iterable[str]) -> None:
        """Count a line with its trimmed values and its reject reasons."""
        self.rows[dataset] += 1
        if reasons:
            self.reasons[dataset].update(reasons)
            return
        self.accepted[dataset] += 1
        if dataset == "customers":  # the newest file comes last
            self.gender_of[values["id"]] = values["gender"].lower()
        elif (gender := self.gender_of.get(values["id"])) is not None:
            self.matched += 1
            units = int(values["quan"])
            product = values["product"].upper()
            self.charts["orders_by_gender"][gender] += 1
            self.charts["units_by_platform"][values["platform"].lower()] += units
            self.charts["units_by_product"][MISSPELT_PRODUCTS.get(product, product)] += units
            self.charts["units_by_month"][values["createtime"][:7]] += units

    def as_dict(self) -> dict[str, Any]:
        """The counts in the shape of `state` in `run-job report --json`."""
        datasets = ("customers", "sales")
        return {
            "bronze": {name: self.rows[name] for name in datasets},
            "accepted": {name: self.accepted[name] for name in datasets},
            "rejected": {name: self.rows[name] - self.accepted[name] for name in datasets},
            "reasons": {name: dict(sorted(self.reasons[name].items())) for name in datasets},
            "distinct_customers": len(self.gender_of),
            "matched": self.matched,
            "unmatched": self.accepted["sales"] - self.matched,
            **{name: dict(sorted(counts.items())) for name, counts in self.charts.items()},
        }


class Truth:
    """The counts of every file, and those of all layers after wave 1 and after wave 2.

    All customer files must be added before the first sales file.
    """

    def __init__(self) -> None:
        self.files: list[dict[str, Any]] = []
        self._after_wave = {1: ExpectedCounts(), 2: ExpectedCounts()}

    def open_file(self, file: SampleFile, waves: Iterable[int]) -> "FileTruth":
        """Counts for the file, whose lines are to be added; it counts after each of `waves`."""
        return FileTruth(file, [self._after_wave[wave] for wave in waves])

    def close_file(self, counted: "FileTruth") -> None:
        """Note the counts of a file, all of whose lines were added."""
        file = counted.file
        self.files.append(
            {
                "key": file.key, "dataset": file.dataset, "wave": file.wave,
                "rows": counted.rows, "corrupt_rows": counted.corrupt_rows,
            }
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """`files`, one entry a file, and `after_wave`, the counts by wave, as JSON has them."""
        return {
            "files": self.files,
            "after_wave": {
                str(wave): counts.as_dict() for wave, counts in self._after_wave.items()
            },
        }


class FileTruth:
    """The counts of a file; each line is also added to the waves after which the file is there."""

    def __init__(self, file: SampleFile, waves: list[ExpectedCounts]) -> None:
        self.file, self.rows, self.corrupt_rows = file, 0, 0
        self._waves = waves
        self._reasons_of = sale_reasons if file.dataset == "sales" else customer_reasons

    def add(self, line: Line) -> None:
        """Count a line of the file."""
        self.rows += 1
        self.corrupt_rows += line.corrupt
        values = {
            column: value.strip(" ")
            for column, value in zip(self.file.columns, line.values, strict=True)
        }
        reasons = self._reasons_of(values, line.corrupt)
        for counts in self._waves:
            counts.add(self.file.dataset, values, reasons)
