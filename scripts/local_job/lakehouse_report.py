"""Reads the report from the warehouse: the files, and the counts of every layer.

Counts by dataset come from gold's file_quality, which has every declared dataset, and the charts
from its daily_sales: the report reads a row a file and a row a day and group, never the sales.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local_session.sql_connection import RunQuery

CHARTS = {
    "orders_by_gender": ("gender", "sum(orders)"),
    "units_by_platform": ("platform", "sum(units)"),
    "units_by_product": ("product", "sum(units)"),
    "units_by_month": ("date_format(sold_on, 'yyyy-MM')", "sum(units)"),
}

FILES_QUERY = """\
select dataset, source_file, status, total_rows, reason, loaded_at
from {gold}.file_quality
order by dataset, source_file"""

COUNTS_QUERY = """\
select
    dataset,
    sum(total_rows) as bronze,
    sum(accepted_rows) as accepted,
    sum(rejected_rows) as rejected,
    sum(bronze_only_rows) as bronze_only
from {gold}.file_quality
group by dataset
order by dataset"""

_LAYERS = ("bronze", "accepted", "rejected", "bronze_only")

GOLD_QUERY = """\
select
    (select count(*) from {silver}.customers) as distinct_customers,
    (select count(*) from {gold}.sales_of_customer) as matched,
    (select count(*) from {gold}.unmatched_sales) as unmatched"""

REASONS_QUERY = """\
select dataset, reason, sum(rejected_rows) as row_count
from {gold}.rejections
group by dataset, reason"""

CHARTS_QUERY = "\nunion all\n".join(
    f"select '{chart}' as chart, {label} as label, {value} as value\n"
    f"from {{gold}}.daily_sales\ngroup by {label}"
    for chart, (label, value) in CHARTS.items()
)


@dataclass(frozen=True)
class LoggedFile:
    """A file in its newest state; `loaded_at` is None when it never was loaded."""

    dataset: str
    name: str
    status: str
    rows: int
    reason: str | None
    loaded_at: datetime | None


@dataclass(frozen=True)
class Equation:
    """A sum that must hold: `whole`, the rows named by `what`, equals the sum of `parts`."""

    what: str
    whole: int
    parts: tuple[tuple[str, int], ...]

    @property
    def holds(self) -> bool:
        """Whether no row was lost or made up."""
        return self.whole == sum(count for _, count in self.parts)


@dataclass
class LakehouseReport:
    """The state of every layer: files, and counts of rows by dataset.

    `bronze_only` has the rows that no model has checked, most often because the dataset has none;
    `reasons` the rejected rows by dataset and reason, `charts` the values by chart and label.
    """

    files: list[LoggedFile]
    bronze: dict[str, int]
    accepted: dict[str, int]
    rejected: dict[str, int]
    bronze_only: dict[str, int]
    distinct_customers: int
    matched: int
    unmatched: int
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)
    charts: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def refused_files(self) -> list[LoggedFile]:
        """The files that the loader refused."""
        return [file for file in self.files if file.status == "refused"]

    def loaded_since(self, time: datetime) -> list[LoggedFile]:
        """The files that were loaded at or after a time, which has a time zone."""
        return [file for file in self.files if file.loaded_at and file.loaded_at >= time]

    def equations(self) -> list[Equation]:
        """The sums that must hold: of each dataset from bronze to silver, and of sales to gold."""
        sums = [
            Equation(
                f"{dataset} in bronze",
                self.bronze[dataset],
                (
                    ("accepted", self.accepted[dataset]),
                    ("rejected", self.rejected[dataset]),
                    *(
                        [("in bronze only", self.bronze_only[dataset])]
                        if self.bronze_only[dataset]
                        else []
                    ),
                ),
            )
            for dataset in self.bronze
        ]
        if "sales" in self.accepted:
            sums.append(
                Equation(
                    "accepted sales",
                    self.accepted["sales"],
                    (("matched to a customer", self.matched), ("unmatched", self.unmatched)),
                )
            )
        return sums

    @property
    def balanced(self) -> bool:
        """Whether every sum holds."""
        return all(equation.holds for equation in self.equations())

    def state(self) -> dict[str, Any]:
        """The counts, in the shape that landing-sample's truth has them in."""
        return {
            "bronze": self.bronze,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "reasons": self.reasons,
            "distinct_customers": self.distinct_customers,
            "matched": self.matched,
            "unmatched": self.unmatched,
            **self.charts,
        }


def read_report(run_query: RunQuery, schemas: Mapping[str, str]) -> LakehouseReport:
    """Read the report by five statements from the schemas of the layers. Raises WarehouseError."""
    quoted = {layer: f"`{schema.replace('`', '``')}`" for layer, schema in schemas.items()}

    def query(statement: str) -> list[tuple[Any, ...]]:
        return run_query(statement.format(**quoted))

    files = [
        LoggedFile(dataset, name, status, rows, reason, _in_utc(loaded_at))
        for dataset, name, status, rows, reason, loaded_at in query(FILES_QUERY)
    ]
    layers: dict[str, dict[str, int]] = defaultdict(dict)
    for dataset, *counts in query(COUNTS_QUERY):
        for layer, count in zip(_LAYERS, counts, strict=True):
            layers[layer][dataset] = int(count)
    ((distinct_customers, matched, unmatched),) = query(GOLD_QUERY)
    reasons: dict[str, dict[str, int]] = {dataset: {} for dataset in layers["bronze"]}
    for dataset, reason, rows in sorted(query(REASONS_QUERY)):
        reasons.setdefault(dataset, {})[reason] = int(rows)
    charts: dict[str, dict[str, int]] = defaultdict(dict)
    for chart, label, value in sorted(query(CHARTS_QUERY), key=str):
        charts[chart][str(label)] = int(value)
    return LakehouseReport(
        files=files,
        **{layer: layers[layer] for layer in _LAYERS},
        distinct_customers=distinct_customers,
        matched=matched,
        unmatched=unmatched,
        reasons=reasons,
        charts={chart: charts[chart] for chart in CHARTS},
    )


def _in_utc(time: datetime | str | None) -> datetime | None:
    """The time in UTC; none for one that Python has no value for, which is text."""
    if not isinstance(time, datetime):
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
