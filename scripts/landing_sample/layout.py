"""The files of the sample, and how each one is written. Their rows are made elsewhere."""

from dataclasses import dataclass
from typing import Literal

from landing_sample.vocabulary import MONTHS, NEXT_MONTH

DatasetName = Literal["customers", "sales"]

# Column orders. The first of each dataset is the declared one; the others move or add columns.
SALES_PLAIN = ("createtime", "id", "product", "quan", "shop", "platform")
SALES_SHOP_EARLY = ("id", "createtime", "shop", "platform", "product", "quan")
SALES_ID_LATE = ("createtime", "product", "id", "shop", "quan", "platform")
SALES_VOUCHER = (*SALES_PLAIN, "voucher")
CUSTOMERS_PLAIN = ("id", "customername", "gender", "age")
CUSTOMERS_SHIFTED = ("id", "gender", "customername", "age")
CUSTOMERS_EMAIL = (*CUSTOMERS_PLAIN, "email")


@dataclass(frozen=True)
class Sample:
    """Seed and sizes, which decide every byte of the sample. The sizes are those of wave 1."""

    seed: int
    sales: int
    customers: int

    @property
    def late_customers(self) -> int:
        """The number of customers who buy in wave 1 and whose records come only in wave 2."""
        return max(1, self.customers // 25)

    def describe(self) -> str:
        """Seed and sizes in words."""
        return f"seed {self.seed}, {self.sales:,} sales, {self.customers:,} customers"


@dataclass(frozen=True)
class SampleFile:
    """One CSV file, in one wave. `number` tells it from the others of its dataset.

    A customer file has `people`: ranges of customer numbers, each with the version of their
    attributes. A sales file has `rows` and `month` (2026-02). The rest says how it is written.
    """

    key: str
    dataset: DatasetName
    wave: int
    columns: tuple[str, ...]
    number: int
    people: tuple[tuple[range, int], ...] = ()
    rows: int = 0
    month: str = ""
    untidy_header: bool = False
    bom: bool = False
    newline: str = "\n"
    quote_all: bool = False
    last_newline: bool = True

    @property
    def gzipped(self) -> bool:
        """Whether the file is compressed."""
        return self.key.endswith(".gz")

    def header(self) -> list[str]:
        """The column names as written; an untidy header has capitals and stray blanks."""
        if not self.untidy_header:
            return list(self.columns)
        return [
            f" {name.capitalize()} " if i % 2 else name.upper()
            for i, name in enumerate(self.columns)
        ]


def waves_of(file: SampleFile, files: list[SampleFile]) -> tuple[int, ...]:
    """The waves (1, 2) after which this file is the one stored under its key."""
    replaced = any(other.key == file.key and other.wave > file.wave for other in files)
    return (file.wave,) if replaced else tuple(range(file.wave, 3))


def sample_files(sample: Sample) -> list[SampleFile]:
    """Every file of both waves: customers first, then sales, each by wave.

    Within a wave no customer has two different sets of attributes, and the files that bring new
    attributes in wave 2 sort after those that they supersede. So the newest record of a customer
    does not depend on the time of an upload.
    """
    return [*_customer_files(sample), *_sales_files(sample)]


def _customer_files(sample: Sample) -> list[SampleFile]:
    count = sample.customers
    archive, first, second = (1 + count * share // 10 for share in (2, 5, 8))
    third = range(second, count + 1)
    late = range(count + 1, count + 1 + sample.late_customers)
    return [
        SampleFile(
            "crm/2025/archive/customer_infomation_2025.csv.gz", "customers", 1, CUSTOMERS_PLAIN, 1,
            people=((range(1, archive), 1),),
        ),
        SampleFile(
            "crm/2026/customer_infomation_01.csv", "customers", 1, CUSTOMERS_PLAIN, 2,
            people=((range(archive, first), 1),), bom=True,
        ),
        SampleFile(  # delivers some customers of the first file again, unchanged
            "crm/2026/customer_infomation_02.csv", "customers", 1, CUSTOMERS_SHIFTED, 3,
            people=((range(first, second), 1), (range(archive, first, 20), 1)),
            newline="\r\n", untidy_header=True,
        ),
        SampleFile(
            "crm/2026/customer_infomation_03.csv", "customers", 1, CUSTOMERS_EMAIL, 4,
            people=((third, 1),),
        ),
        SampleFile(  # uploaded again with other content; only this file holds these customers
            "crm/2026/customer_infomation_03.csv", "customers", 2, CUSTOMERS_EMAIL, 5,
            people=((third[: len(third) * 9 // 10], 2),),
        ),
        SampleFile(
            "crm/2026/customer_infomation_04.csv", "customers", 2, CUSTOMERS_PLAIN, 6,
            people=((late, 1), (range(1, second, 8), 2)),
        ),
    ]  # fmt: skip


def _sales_files(sample: Sample) -> list[SampleFile]:
    total = sum(weight for _, weight in MONTHS)
    files, weighed = [], 0
    orders = (SALES_PLAIN, SALES_SHOP_EARLY, SALES_PLAIN, SALES_ID_LATE)
    for number, (month, weight) in enumerate(MONTHS):
        before, weighed = weighed, weighed + weight
        files.append(
            SampleFile(
                _sales_key(month, compressed=month == "2025-09"),
                "sales",
                1,
                SALES_VOUCHER if month >= "2026-05" else orders[number % len(orders)],
                number,
                rows=sample.sales * weighed // total - sample.sales * before // total,
                month=month,
                bom=month == "2025-12",
                quote_all=month == "2025-10",
                untidy_header=month == "2026-02",
                last_newline=month != "2026-03",
            )
        )
    again = next(file for file in files if file.month == "2026-05")
    files.append(
        SampleFile(  # uploaded again, shorter and with other lines
            again.key, "sales", 2, again.columns, 12, rows=again.rows * 4 // 5, month=again.month,
        )
    )  # fmt: skip
    files.append(
        SampleFile(
            _sales_key(NEXT_MONTH), "sales", 2, SALES_VOUCHER, 13,
            rows=sample.sales // 14, month=NEXT_MONTH,
        )
    )  # fmt: skip
    return files


def _sales_key(month: str, compressed: bool = False) -> str:
    suffix = ".csv.gz" if compressed else ".csv"
    return f"shop/{month}/data_sales_{month.replace('-', '_')}{suffix}"
