"""Whatever happens to files, seeds and rules, silver and gold are as a rebuild would make them.

A random sequence of events, told by its seed; after each, every table that was built incrementally
is compared, row by row, with one that is built from nothing in schemas beside it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse import ROOT, Lakehouse

SEED = int(os.environ.get("EVENTS_SEED") or random.SystemRandom().randrange(10**6))
EVENTS = 13  # each once in the sequence, in the order of the seed, behind the first files
PRODUCTS = ("APPLE", "SUMSUNG", "OPPO", "NOKYA", "Vivo ")
# What a run leaves of itself: moments and logs, which a rebuild has others of.
OF_THE_RUN = {"build_log", "definition_log", "test_log", "touched_days"}
MOMENTS = {"checked_at"}
# In the order in which a run builds them: it may be killed behind each.
MODELS = (
    "checked_customers", "checked_sales", "customers", "customer_history", "all_sales",
    "daily_sales",
)  # fmt: skip
DESCRIBED = ("customers", "customer_versions")  # a table and a view
ANEW = "      Described anew.\n"
WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
PARTS = ("models", "macros", "seeds", "data-tests", "dbt_project.yml")


class Project:
    """A copy of the dbt project, its landing, and two builds: the running one, and a rebuild."""

    def __init__(self, lakehouse: Lakehouse, folder: Path, chance: random.Random) -> None:
        self.lakehouse = lakehouse
        self.folder = folder
        self.chance = chance
        self.sales: dict[str, list[str]] = {}
        self.customers: dict[str, dict[str, str]] = {}
        for part in PARTS:
            source = ROOT / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / part)
        self._write_profiles()

    def _write_profiles(self) -> None:
        example = yaml.safe_load((ROOT / "profiles.yml.example").read_text())
        outputs = example["sales_lakehouse"]["outputs"]
        outputs = {"local": outputs["local"], "rebuilt": outputs["local"] | {"schema": "rebuilt"}}
        example["sales_lakehouse"]["outputs"] = outputs
        (self.folder / "profiles.yml").write_text(yaml.safe_dump(example))

    def dbt(self, *arguments: str, target: str = "local") -> None:
        """Run dbt on the copy; it must end well."""
        self.lakehouse.run(
            "dbt", "--quiet", *arguments, "--target", target,
            "--project-dir", str(self.folder), "--profiles-dir", str(self.folder),
            DBT_TARGET_PATH=str(self.folder / f"target-{target}"),
            DBT_LOG_PATH=str(self.folder / "logs"),
            # Nobody reads what it writes beside its tables: a fifth of its time.
            DBT_WRITE_JSON="false", DBT_LOG_LEVEL_FILE="none",
        )  # fmt: skip

    # landing

    def land(self, key: str, header: str, lines: list[str]) -> None:
        body = "\n".join([header, *lines, ""]).encode()
        self.lakehouse.s3.put_object(Bucket="landing", Key=key, Body=body)

    def land_sales(self, name: str, lines: list[str]) -> None:
        self.sales[name] = lines
        self.land(f"data_sales_{name}.csv", "createtime,id,product,quan,shop,platform", lines)

    def land_customers(self, name: str, lines: dict[str, str]) -> None:
        self.customers[name] = lines
        self.land(f"customer_infomation_{name}.csv", "id,customername,gender,age",
                  [f"{key},{rest}" for key, rest in lines.items()])  # fmt: skip

    def sale_lines(self, count: int) -> list[str]:
        """Sales of customers who are known, not known yet, and never known; some are rejected, and
        some are equal."""
        chance = self.chance
        lines = [
            f"2026-0{chance.randint(1, 3)}-1{chance.randint(0, 4)},{chance.randint(1, 9)},"
            f"{chance.choice(PRODUCTS)},{chance.choice(('1', '2', '0', 'x'))},Main,"
            f"{chance.choice(('shopee', 'lazada', 'bazaar'))}"
            for _ in range(count)
        ]
        return [*lines, lines[0]]

    def customer_lines(self, *ids: int) -> dict[str, str]:
        chance = self.chance
        return {
            str(one): f"Ann {chance.randint(1, 9)},{chance.choice(('female', 'male'))},"
            f"{chance.choice((20, 30, 131))}"
            for one in ids
        }

    def load(self, *options: str) -> None:
        self.lakehouse.run("load-bronze", *options)

    # events

    def new_sales_file(self) -> None:
        self.land_sales(f"new{len(self.sales)}", self.sale_lines(6))

    def sales_file_gets_shorter(self) -> None:
        name = self.chance.choice(sorted(self.sales))
        self.land_sales(name, self.sales[name][:2])

    def sales_file_is_emptied(self) -> None:
        self.land_sales(self.chance.choice(sorted(self.sales)), [])

    def sales_file_is_withdrawn(self) -> None:
        self._withdraw(self.sales, "data_sales")

    def late_customer_file(self) -> None:
        self.land_customers(f"late{len(self.customers)}", self.customer_lines(5, 6, 7))

    def customers_change(self) -> None:
        name = self.chance.choice(sorted(self.customers))
        self.land_customers(name, self.customer_lines(1, 2, 3))

    def customers_change_back(self) -> None:
        """The newest file says what an older one said."""
        self.land_customers(f"back{len(self.customers)}", dict(self.customers["a"]))

    def customer_file_is_withdrawn(self) -> None:
        self._withdraw(self.customers, "customer_infomation")

    def _withdraw(self, files: dict[str, Any], prefix: str) -> None:
        name = self.chance.choice(sorted(set(files) - {"a"}))
        del files[name]
        self.lakehouse.s3.delete_object(Bucket="landing", Key=f"{prefix}_{name}.csv")
        self.load("--full-refresh", "--yes")

    def seed_row_is_added(self) -> None:
        with (self.folder / "seeds" / "product_aliases.csv").open("a") as seed:
            seed.write("NOKYA,NOKIA,Misspelling in the test\n")
        with (self.folder / "seeds" / "platforms.csv").open("a") as seed:
            seed.write("bazaar,Marketplace of the test\n")

    def rules_are_changed(self) -> None:
        """A reason gets another name, and every model behind it a comment."""
        for name in MODELS:
            (model,) = (self.folder / "models").rglob(f"{name}.sql")
            text = model.read_text()
            model.write_text("-- other rules\n" + text.replace("'invalid_date'", "'no_date'"))

    def relations_are_dropped_and_described_anew(self) -> None:
        """By hand, of each kind one; what is there as it is defined is otherwise left alone."""
        for relation in ("view silver.sales", "table silver.platforms", "table gold.daily_sales"):
            self.lakehouse.sql(f"drop {relation}")
        for name in DESCRIBED:
            (properties,) = (self.folder / "models").rglob(f"{name}.yml")
            text = properties.read_text()
            properties.write_text(text.replace("description: >-\n", f"description: >-\n{ANEW}", 1))

    def run_is_killed_between_models(self) -> None:
        """As if it ended behind a model: the models behind that are as they were."""
        self.new_sales_file()
        self.customers_change()
        self.load()
        built = MODELS[: self.chance.randint(1, len(MODELS) - 1)]
        self.dbt("build", *WITHOUT_TESTS, "--select", "seeds", *built)

    def run_is_killed_between_rows_and_log(self) -> None:
        """As if it ended behind a model's rows: the log does not know them."""
        self.new_sales_file()
        self.late_customer_file()
        self.load()
        before = self.lakehouse.sql("select max(logged_at) as moment from silver.build_log")
        model = self.chance.choice(MODELS)
        self.dbt("run", "--select", *MODELS[: MODELS.index(model) + 1])
        self.lakehouse.sql(
            "delete from silver.build_log where model_name = :model and logged_at > :moment",
            {"model": model, "moment": before[0]["moment"]},
        )

    # comparison

    def run(self) -> None:
        """Load, and build without tests."""
        self.load()
        self.dbt("build", *WITHOUT_TESTS)

    def test(self, **variables: bool) -> None:
        """The data's tests must pass."""
        self.dbt("test", "--exclude-resource-type", "unit_test", "--vars", json.dumps(variables))

    def differences(self) -> dict[str, tuple[list[str], list[str]]]:
        """By table: the rows that only the running build has, and those that only a rebuild has."""
        self.dbt("build", "--full-refresh", *WITHOUT_TESTS, target="rebuilt")
        found = {}
        for layer in ("silver", "gold"):
            for table in self._tables(layer):
                running, rebuilt = (
                    self._rows(f"{schema}.{table}") for schema in (layer, f"rebuilt_{layer}")
                )
                if running != rebuilt:
                    found[f"{layer}.{table}"] = (
                        sorted(set(running) - set(rebuilt)), sorted(set(rebuilt) - set(running)),
                    )  # fmt: skip
        return found

    def _tables(self, layer: str) -> list[str]:
        rows = self.lakehouse.sql(
            "select table_name from information_schema.tables where table_schema = :layer",
            {"layer": layer},
        )
        names = {row["table_name"] for row in rows} - OF_THE_RUN
        assert len(names) > 4
        return sorted(names)

    def _rows(self, table: str) -> list[str]:
        rows = self.lakehouse.sql(f"select * from {table}")
        return sorted(str({k: v for k, v in row.items() if k not in MOMENTS}) for row in rows)


ALL = (
    Project.new_sales_file, Project.sales_file_gets_shorter, Project.sales_file_is_emptied,
    Project.sales_file_is_withdrawn, Project.late_customer_file, Project.customers_change,
    Project.customers_change_back, Project.customer_file_is_withdrawn, Project.seed_row_is_added,
    Project.rules_are_changed, Project.relations_are_dropped_and_described_anew,
    Project.run_is_killed_between_models, Project.run_is_killed_between_rows_and_log,
)  # fmt: skip


@pytest.fixture
def project(new_lakehouse: Callable[[str], Lakehouse], tmp_path: Path) -> Iterator[Project]:
    lakehouse = new_lakehouse("incremental")
    lakehouse.up()
    project = Project(lakehouse, tmp_path, random.Random(SEED))  # noqa: S311 - chooses events
    for name in ("a", "b", "c"):
        project.land_sales(name, project.sale_lines(8))
    for name, ids in (("a", (1, 2, 3)), ("b", (3, 4))):
        project.land_customers(name, project.customer_lines(*ids))
    project.run()
    lakehouse.sql("create schema rebuilt_bronze")
    for table in ("sales", "customers", "load_log"):
        lakehouse.sql(f"create view rebuilt_bronze.{table} as select * from bronze.{table}")
    yield project
    lakehouse.down()


def test_incremental_is_equal_to_a_rebuild(project: Project) -> None:
    assert len(ALL) == EVENTS
    events = list(ALL)
    project.chance.shuffle(events)
    past: list[str] = []
    for event in events:
        past.append(event.__name__)
        event(project)
        project.run()
        differing = project.differences()
        assert not differing, f"EVENTS_SEED={SEED}: {' -> '.join(past)}: {differing}"
    described = project.lakehouse.sql(
        "select table_name from information_schema.tables "
        "where table_schema = 'silver' and comment like 'Described anew.%'"
    )
    assert sorted(row["table_name"] for row in described) == sorted(DESCRIBED)
    project.test()
    project.test(audit=True)
