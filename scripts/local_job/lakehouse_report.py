"""Reads the report from the warehouse: the files, and the counts of every layer."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local_session.sql_connection import RunQuery

DATASETS = ("customers", "sales")
CHARTS = {
    "orders_by_gender": ("gender", "count(*)"),
    "units_by_platform": ("platform", "sum(quantity)"),
    "units_by_product": ("product", "sum(quantity)"),
    "units_by_month": ("date_format(sold_on, 'yyyy-MM')", "sum(quantity)"),
}
_TABLES = {
    "bronze.customers": "bronze.customers",
    "bronze.sales": "bronze.sales",
    "accepted.customers": "silver.customer_versions",
    "accepted.sales": "silver.sales",
    "rejected.customers": "silver.rejected_customers",
    "rejected.sales": "silver.rejected_sales",
    "distinct_customers": "silver.customers",
    "matched": "gold.sales_of_customer",
    "unmatched": "gold.unmatched_sales",
}

FILES_QUERY = """\
with newest as (
    select
        *,
        row_number() over (
            partition by dataset, source_file order by logged_at desc, batch_id desc
        ) as recency
    from bronze.load_log
)

select dataset, source_file, status, row_count, reason, logged_at
from newest
where recency = 1
order by dataset, source_file"""

COUNTS_QUERY = "\nunion all\n".join(
    f"select '{name}' as name, count(*) as row_count from {table}"  # noqa: S608 - our own names
    for name, table in _TABLES.items()
)

REASONS_QUERY = "\nunion all\n".join(
    f"""\
select '{dataset}' as dataset, reason, count(*) as row_count
from silver.rejected_{dataset}
lateral view explode(reject_reasons) as reason
group by reason"""  # noqa: S608
    for dataset in DATASETS
)

CHARTS_QUERY = "\nunion all\n".join(
    f"select '{chart}' as chart, {label} as label, {value} as value\n"
    f"from gold.sales_of_customer\ngroup by {label}"
    for chart, (label, value) in CHARTS.items()
)


@dataclass(frozen=True)
class LoggedFile:
    """A file with its newest entry in the load log."""

    dataset: str
    name: str
    status: str
    rows: int
    reason: str | None
    logged_at: datetime


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

    `reasons` has the rejected rows by dataset and reason, `charts` the values by chart and label.
    """

    files: list[LoggedFile]
    bronze: dict[str, int]
    accepted: dict[str, int]
    rejected: dict[str, int]
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
        return [file for file in self.files if file.status == "loaded" and file.logged_at >= time]

    def equations(self) -> list[Equation]:
        """The sums that must hold: of each dataset from bronze to silver, and of sales to gold."""
        sums = [
            Equation(
                f"{dataset} in bronze",
                self.bronze[dataset],
                (("accepted", self.accepted[dataset]), ("rejected", self.rejected[dataset])),
            )
            for dataset in DATASETS
        ]
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


def read_report(query: RunQuery) -> LakehouseReport:
    """Read the report by four statements. Raises WarehouseError."""
    files = [
        LoggedFile(dataset, name, status, rows or 0, reason, _in_utc(logged_at))
        for dataset, name, status, rows, reason, logged_at in query(FILES_QUERY)
    ]
    counts: dict[str, int] = dict(query(COUNTS_QUERY))
    by_dataset = {
        layer: {dataset: counts[f"{layer}.{dataset}"] for dataset in DATASETS}
        for layer in ("bronze", "accepted", "rejected")
    }
    reasons: dict[str, dict[str, int]] = {dataset: {} for dataset in DATASETS}
    for dataset, reason, rows in sorted(query(REASONS_QUERY)):
        reasons[dataset][reason] = rows
    charts: dict[str, dict[str, int]] = defaultdict(dict)
    for chart, label, value in sorted(query(CHARTS_QUERY), key=str):
        charts[chart][str(label)] = int(value)
    return LakehouseReport(
        files=files,
        **by_dataset,
        distinct_customers=counts["distinct_customers"],
        matched=counts["matched"],
        unmatched=counts["unmatched"],
        reasons=reasons,
        charts={chart: charts[chart] for chart in CHARTS},
    )


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
