"""Rows that look right and are not, from the file to gold: what no rule looks at is not in gold.

The tests stand in order: each goes on from the state that the one before it left.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom
from subprocess import CompletedProcess

import careful_person
import pytest
import yaml

from lakehouse import ROOT, Lakehouse

SEED = int(os.environ.get("ROWS_SEED") or SystemRandom().randrange(10**6))
PARTS = ("models", "macros", "seeds", "data-tests", "dbt_project.yml")
SALES = "createtime,id,product,quan,shop,platform"
CUSTOMERS = "id,customername,gender,age"
GOOD = "2026-03-01,K001,APPLE,1,Main,shopee"

# Lines of the sales files, by the reasons against them; those without one are in gold.
LINES: dict[str, list[str]] = {
    "": [
        GOOD,
        GOOD,
        "2026-03-01,\u200bK001\ufeff,APPLE,1,Main,shopee\u3000",
        "２０２６-03-01,Ｋ００１,ＡＰＰＬＥ,１,Main,ｓｈｏｐｅｅ",
        "2000-01-01,K002,APPLE,100000,Main,shopee",
        '2026-03-01,K002,APPLE,1,"Main, ""2nd"" floor\nleft",shopee',
        "2026-03-01,K002,FAIRPHONE,1,Null Brothers,shopee",
        "2026-03-01,K002,FAIRPHONE,1,Nantes,shopee",
    ],
    "implausible_date": [
        "2567-03-01,K001,APPLE,1,Main,shopee",
        "1403-12-30,K001,APPLE,1,Main,shopee",
        "0026-03-01,K001,APPLE,1,Main,shopee",
        "9999-12-31,K001,APPLE,1,Main,shopee",
    ],
    "invalid_date": [
        "0000-01-01,K001,APPLE,1,Main,shopee",
        "0000-00-00,K001,APPLE,1,Main,shopee",
        "10000-01-01,K001,APPLE,1,Main,shopee",
    ],
    "implausible_quantity": [
        "2026-03-01,K001,APPLE,8850999320014,Main,shopee",
        "2026-03-01,K001,APPLE,5000000000000000000,Main,shopee",
        "2026-03-01,K001,APPLE,5000000000000000000,Main,shopee",
        "2026-03-01,K001,APPLE,0842345678,Main,shopee",
        "2026-03-01,K001,APPLE,0,Main,shopee",
    ],
    "invalid_quantity": ["2026-03-01,K001,APPLE,99999999999999999999,Main,shopee"],
    "missing_customer_id": [
        "2026-03-01,NULL,APPLE,1,Main,shopee",
        "2026-03-01,nan,APPLE,1,Main,shopee",
        "2026-03-01,#N/A,APPLE,1,Main,shopee",
        r"2026-03-01,\N,APPLE,1,Main,shopee",
    ],
    "missing_shop": ["2026-03-01,K001,APPLE,1, n/a\u200b,shopee"],
    "missing_product": ["2026-03-01,K001,None,1,Main,shopee"],
    "damaged_id": [
        "2026-03-01,8.80123E+11,APPLE,1,Main,shopee",
        "2026-03-01,8801234.0,APPLE,1,Main,shopee",
        "2026-03-01,#REF!,APPLE,1,Main,shopee",
        "2026-03-01,Grand total,APPLE,1,Main,shopee",
    ],
    "header_line": [SALES, '\ufeff"createtime",id,product,quan,shop,platform'],
}
CUSTOMER_LINES: dict[str, list[str]] = {
    "": [
        "K001,Ann Lee,F,30",
        "K002,Ben Tan,Nữ,41",
        "K003,Cao,nu\u031b\u0303,20",
        "K004,Dora,female\u3000,20",
        "K005,Eve,female\u200b,20",
        "K006,Fay,ＦＥＭＡＬＥ,20",
        "K007,Gus,M,20",
        "K008,Hal,Divers,20",
        "K009,Ida,female,20",
        "K009,Ida,female,21",
    ],
    "missing_customer_id": ["NULL,customer NULL,female,30"],
    "missing_gender": ["K010,Jan,null,30"],
    "missing_age": ["K010,Jan,male,NaN"],
    "implausible_age": ["K010,Jan,male,1985"],
    "damaged_id": [
        "8.80123E+11,Kim,female,30",
        "8.80123E+11,Lou,male,30",
        "Total,1 customers,all,30",
    ],
}
# Whole files: those of another header, and those in which one quote met another.
OTHER_ORDER = [
    GOOD,
    "id,createtime,product,quan,shop,platform",
    "K002,2026-03-01,APPLE,1,Main,shopee",
]
INCH_MARKS = [
    '2026-03-01,K001,APPLE,1,"Kiosk 5"",shopee',
    GOOD,
    '2026-03-01,K001,APPLE,1,Kiosk 9",shopee',
]  # fmt: skip


@dataclass
class Project:
    """A copy of the dbt project, whose seeds a test may change, with a lakehouse of its own."""

    folder: Path
    lakehouse: Lakehouse
    printed: dict[str, str] = field(default_factory=dict)
    mixed: list[careful_person.File] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def land(self, key: str, header: str, lines: list[str]) -> None:
        body = "\n".join([header, *lines, ""]).encode()
        self.lakehouse.s3.put_object(Bucket="landing", Key=key, Body=body)

    def build(self, *options: str, check: bool = True) -> CompletedProcess[str]:
        arguments = ("--no-use-colors", "build", "--exclude-resource-type", "unit_test", *options)
        return self.lakehouse.run(
            "dbt", *arguments,
            "--project-dir", str(self.folder), "--profiles-dir", str(self.folder),
            check=check,
            DBT_TARGET_PATH=str(self.folder / "target"), DBT_LOG_PATH=str(self.folder / "logs"),
        )  # fmt: skip

    def append(self, seed: str, line: str) -> None:
        with (self.folder / "seeds" / f"{seed}.csv").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def reasons(self, dataset: str, file: str) -> dict[str, int]:
        """How many lines of a file have which reasons, those that are accepted under none."""
        rows = self.lakehouse.sql(
            "select concat_ws(' ', reject_reasons) as reasons, count(*) as n "
            f"from silver.checked_{dataset} where _source_file like '%/{file}' group by all"
        )
        return {row["reasons"]: row["n"] for row in rows}

    def gold(self) -> int:
        (row,) = self.lakehouse.sql("select count(*) as n from gold.all_sales")
        return int(row["n"])


@pytest.fixture(scope="module")
def project(
    new_lakehouse: Callable[[str], Lakehouse], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("trusted")
    for part in PARTS:
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / part)
    example = yaml.safe_load((ROOT / "profiles.yml.example").read_text())
    (folder / "profiles.yml").write_text(yaml.safe_dump(example))
    lakehouse = new_lakehouse("trusted")
    lakehouse.up()
    yield Project(folder, lakehouse)
    lakehouse.down()


@pytest.fixture(scope="module")
def built(project: Project) -> Project:
    """All shapes landed, loaded and built once; the limits are wide, as most rows are bad."""
    project.append("file_limits", "sales,0.9,1,0.99,100,0,Of the test")
    project.append("file_limits", "customers,0.9,1,0.99,100,0,Of the test")
    project.land("data_sales_all.csv", SALES, [line for lines in LINES.values() for line in lines])
    project.land(
        "customer_infomation_all.csv", CUSTOMERS,
        [line for lines in CUSTOMER_LINES.values() for line in lines],
    )  # fmt: skip
    project.land("data_sales_order.csv", SALES, OTHER_ORDER)
    project.land("data_sales_inch.csv", SALES, INCH_MARKS)
    project.land("data_sales_five.csv", SALES, 5 * ["31.12.2024,K001,APPLE,1,Main,shopee"])
    project.land(
        "customer_infomation_order.csv", CUSTOMERS,
        ["K011,Liz,female,30", "customername,id,gender,age", "Bob Tan,K002,male,30"],
    )  # fmt: skip
    project.mixed = careful_person.files(Random(SEED))  # noqa: S311
    for file in project.mixed:
        project.lakehouse.s3.put_object(Bucket="landing", Key=file.name, Body=file.content)
    loaded = project.lakehouse.run("load-bronze", "--json", check=False).stdout.splitlines()
    project.refused = {
        file["source_file"].rpartition("/")[2]
        for file in map(json.loads, loaded)
        if file.get("result") == "refused" and file["reason"]
    }
    for name in project.refused:  # the loads of later tests have none
        project.lakehouse.s3.delete_object(Bucket="landing", Key=name)
    project.printed["first build"] = project.build().stdout
    return project


def test_each_line_has_the_reason_of_its_kind_and_no_other(built: Project) -> None:
    assert built.reasons("sales", "data_sales_all.csv") == {
        reason: len(lines) for reason, lines in LINES.items()
    }
    assert built.reasons("customers", "customer_infomation_all.csv") == {
        reason: len(lines) for reason, lines in CUSTOMER_LINES.items()
    }


def test_a_header_in_another_order_rejects_every_row_of_its_file(built: Project) -> None:
    for dataset, file, rows in (
        ("sales", "data_sales_order.csv", 3), ("customers", "customer_infomation_order.csv", 3),
    ):  # fmt: skip
        found = built.reasons(dataset, file)
        assert sum(found.values()) == rows
        assert all("second_header" in reasons.split() for reasons in found), found


def test_a_quote_that_meets_another_is_not_one_sale(built: Project) -> None:
    found = built.reasons("sales", "data_sales_inch.csv")
    assert found, "the file has rows"
    assert "" not in found or found[""] == 1, found  # the good line between them, where it is read
    assert set(found) - {""} <= {"unclosed_quote", "corrupt_line"}


def test_gold_has_what_a_careful_person_would_accept(built: Project) -> None:
    (sums,) = built.lakehouse.sql(
        "select count(*) as orders, sum(quantity) as units, count(distinct customer_id) as buyers, "
        "count(distinct platform) as platforms, min(sold_on) as first_day from gold.all_sales "
        "where _source_file not like '%mixed%'"
    )
    accepted = len(LINES[""])
    assert (sums["orders"], sums["units"]) == (accepted, accepted - 1 + 100000)
    assert (sums["buyers"], sums["platforms"], str(sums["first_day"])) == (2, 1, "2000-01-01")
    genders = built.lakehouse.sql(
        "select gender, count(*) as n from silver.customers where customer_id like 'K%' "
        "group by gender order by gender"
    )
    assert [(row["gender"], row["n"]) for row in genders] == [
        ("divers", 1), ("female", 7), ("male", 1),
    ]  # fmt: skip


def test_the_law_of_rows_mixed_at_random(built: Project) -> None:
    """Each row of gold is one that a careful person would accept, with its customer's newest
    record, each other has a reason or its file a refusal, and the sums agree."""
    read = [file for file in built.mixed if not file.refused]
    assert built.refused == {file.name for file in built.mixed if file.refused}, SEED
    customers: dict[object, careful_person.Accepted] = {}
    expected: Counter[tuple[object, ...]] = Counter()
    for file in read:
        if file.name.startswith("customer") and not file.untrusted:
            found = filter(None, map(careful_person.customer, file.records))
            customers |= {customer[0]: customer for customer in found}
    rejected: dict[str, int] = {}
    for file in read:
        judge = careful_person.sale if file.name.startswith("data") else careful_person.customer
        accepted = [judge(record) for record in file.records if not file.untrusted]
        accepted = [row for row in accepted if row]
        rejected[file.name] = len(file.records) - len(accepted)
        if judge is careful_person.sale:
            for row in accepted:
                _, *attributes = customers.get(row[1], (None, None, None, None))
                expected[(file.name, *row, *attributes)] += 1
    gold = built.lakehouse.sql(
        "select element_at(split(_source_file, '/'), -1) as file, cast(sold_on as string) as day, "
        "customer_id, product, quantity, shop, platform, customer_name, gender, age "
        "from gold.all_sales where _source_file like '%mixed%'"
    )
    actual = Counter(tuple(row.values()) for row in gold)
    wrong = f"ROWS_SEED={SEED}: only in gold {actual - expected}, not in gold {expected - actual}"
    assert actual == expected, wrong
    told = built.lakehouse.sql(
        "select element_at(split(source_file, '/'), -1) as file, total_rows, accepted_rows, "
        "rejected_rows from gold.file_quality where source_file like '%mixed%'"
    )
    sizes = {row["file"]: (row["total_rows"], row["rejected_rows"]) for row in told}
    for file in built.mixed:
        size = (0, 0) if file.refused else (len(file.records), rejected[file.name])
        assert sizes[file.name] == size, f"ROWS_SEED={SEED}: {file.name}"
    matched = sum(n for row, n in expected.items() if row[7] is not None)
    assert 0 < matched < sum(expected.values()), SEED


def test_bronze_keeps_the_text(built: Project) -> None:
    (row,) = built.lakehouse.sql(
        "select count_if(id = 'NULL') as markers, count_if(platform like '%\u3000') as wide "
        "from bronze.sales where _source_file not like '%mixed%'"
    )
    assert (row["markers"], row["wide"]) == (1, 1)


def test_each_warning_says_what_it_is_about(built: Project) -> None:
    warnings = [
        line.partition("Warning: ")[2]
        for line in built.printed["first build"].splitlines()
        if "Warning: " in line
    ]
    assert "2 sales of FAIRPHONE: add it to seeds/products.csv" in warnings
    assert "1 customer lines of divers: add it to seeds/genders.csv" in warnings
    (ambiguous,) = [warning for warning in warnings if warning.startswith("customer K009")]
    (five,) = [warning for warning in warnings if "data_sales_five.csv" in warning]
    assert five.startswith("5 of 5 rows of s3://") and "(100.0 %), most of them as" in five
    assert "seeds/file_limits.csv" in five
    assert "2 different records" in ambiguous and "customer_infomation_all.csv" in ambiguous
    marked = built.lakehouse.sql(
        "select customer_id from silver.customers where is_ambiguous and customer_id like 'K%'"
    )
    assert marked == [{"customer_id": "K009"}]


def test_a_row_of_a_seed_takes_effect_on_files_that_were_loaded_before(built: Project) -> None:
    built.append("missing_markers", "Divers,Of the test")
    built.append("plausible_ranges", "shelf,1,2,Of the test")
    built.append("id_forms", "basket_id,^B[0-9]+$,Of the test")
    seed = built.folder / "seeds" / "plausible_ranges.csv"
    seed.write_text(seed.read_text().replace("sold_on,2000-01-01", "sold_on,2000-01-02"))
    built.append("products", "FAIRPHONE,Of the test")
    printed = built.build().stdout
    assert "FAIRPHONE" not in printed
    assert built.reasons("sales", "data_sales_all.csv")["implausible_date"] == 5
    assert built.reasons("customers", "customer_infomation_all.csv")["missing_gender"] == 2
    (row,) = built.lakehouse.sql(
        "select count(*) as n from silver.customers where gender = 'divers'"
    )
    assert row["n"] == 0


def test_a_file_that_is_mostly_rejected_stops_the_run_before_gold(built: Project) -> None:
    limits = built.folder / "seeds" / "file_limits.csv"
    usual = (ROOT / "seeds" / "file_limits.csv").read_text()
    limits.write_text(usual + "customers,0.9,1,0.99,100,0,Of the test\n")
    before = built.gold()
    built.land(
        "data_sales_other_form.csv",
        SALES,
        [f"31/12/2024,K001,APPLE,{n},Main,shopee" for n in range(1, 31)],
    )
    built.land("data_sales_good.csv", SALES, [GOOD])
    built.lakehouse.run("load-bronze", "--json")
    for limit in (10, 1):  # it stays red until something is changed
        if limit == 1:  # for a dataset of small files
            limits.write_text(limits.read_text() + "sales,0.25,1,0.5,1,0,Of the test\n")
            built.land("data_sales_two.csv", SALES, 2 * ["1/3/2026,K001,APPLE,1,Main,shopee"])
            built.lakehouse.run("load-bronze")
        failed = built.build(check=False)
        assert failed.returncode == 1
        said = " ".join(failed.stdout.split())
        for part in (
            "data_sales_other_form.csv: 30 of 30 rows rejected (100.0 %), "
            "most of them as invalid_date",
            "seeds/file_limits.csv",
            "docs/operations.md",
        ):
            assert part in said, said
        assert "data_sales_five.csv: " not in said  # so few rows stop no run
        assert ("data_sales_two.csv: 2 of 2 rows rejected" in said) == (limit == 1), said
        assert built.gold() == before
    limits.write_text(
        usual + "sales,0.9,1,1,1000,0.2,Of the test\ncustomers,0.9,1,0.99,100,0,Of the test\n"
    )
    printed = built.build().stdout
    assert built.gold() == before + 1
    assert "30 of 30 rows of s3://landing/data_sales_other_form.csv are rejected" in printed
    assert "5 of 5 rows of s3://landing/data_sales_five.csv are rejected" in printed  # in each run
    assert "data_sales_good.csv has 1 rows, and a file of sales usually" in printed
    assert "data_sales_all.csv has" not in printed


def test_the_manuals_recipes_accept_what_they_are_for(built: Project) -> None:
    """Each as docs/operations.md has it; the file is refused, or its rows rejected, without."""
    page = (
        (ROOT / "docs" / "operations.md").read_text().partition("## A file is mostly rejected")[2]
    )
    page = re.sub(r"^```.*?^```", "", page.partition("\n## ")[0], flags=re.M | re.S)
    recipes = re.findall(r"`([^`]+)`", page)
    (date,) = [code for code in recipes if code.endswith(" as sold_on")]
    (number,) = [code for code in recipes if code.endswith(" as quantity")]
    (alias,) = [code for code in recipes if code.startswith("config: ")]
    named = {code.partition("seeds/")[2] for code in recipes if code.startswith("seeds/")}
    rows = {
        "31/12/2024,K001,APPLE,1,Main,shopee": "",
        "2024-12-31,K001,APPLE,2.0,Main,shopee": "",
        "2024-12-31,K001,APPLE,150000,Main,shopee": "",
        "2024-12-31,K001,APPEL FON,1,Main,bazaar": "",
        "2024-12-31,.K001,APPLE,1,Main,shopee": "",
        "2024-12-31,K001,APPLE,1,k.A.,shopee": "missing_shop",
        "31/02/2024,K001,APPLE,2.5,Main,shopee": "invalid_date invalid_quantity",
    }
    built.land("data_sales_recipes.csv", SALES.replace("quan", "quantity"), list(rows))
    refused = built.lakehouse.run("load-bronze", check=False)
    assert "did you mean `quan`" in " ".join(refused.stdout.split()), refused.stdout
    sources = built.folder / "models" / "bronze" / "_bronze__sources.yml"
    head, name, tail = sources.read_text().partition("- name: quan\n")
    text = head + name + tail.replace("config: *required", alias, 1)
    sources.write_text(text)
    assert alias in text
    built.lakehouse.run("load-bronze", "--sources", str(sources))
    model = built.folder / "models" / "silver" / "checked" / "checked_sales.sql"
    text = model.read_text()
    for now, code in (
        ("{{ iso_date('sold_on_text') }} as sold_on", date),
        ("{{ whole_number('quantity_text', 'bigint') }} as quantity", number),
    ):
        assert now in text
        text = text.replace(now, code)
    model.write_text(text)
    changed = {
        "plausible_ranges": ("quantity,1,100000,", "quantity,1,200000,"),
        "id_forms": ("customer_id,^[-", "customer_id,^[-."),
    }
    for seed, (row, other) in changed.items():
        path = built.folder / "seeds" / f"{seed}.csv"
        assert row in path.read_text()
        path.write_text(path.read_text().replace(row, other))
    added = {
        "product_aliases": "APPEL FON,APPLE", "platforms": "bazaar", "products": "PEAR",
        "missing_markers": "k.A.", "genders": "w.,female",
        "file_limits": "returns,0.9,1,0.99,100,0",
    }  # fmt: skip
    assert named == {f"{seed}.csv" for seed in (*added, *changed)}
    for seed, row in added.items():
        built.append(seed, f"{row},Of the test")
    alone = ("--exclude-resource-type", "test", "--select", "resource_type:seed", "checked_sales")
    built.build(*alone)
    assert built.reasons("sales", "data_sales_recipes.csv") == Counter(rows.values())
    assert built.reasons("sales", "data_sales_other_form.csv") == {"": 30}


def test_no_row_is_lost(built: Project) -> None:
    (row,) = built.lakehouse.sql(
        "select sum(total_rows) as bronze, sum(accepted_rows) + sum(rejected_rows) as silver "
        "from gold.file_quality"
    )
    assert row["bronze"] == row["silver"] > 0
