"""From a CSV to accepted, rejected and counted rows, for datasets that look nothing like sales.

The tests stand in order: each goes on from the state that the one before it left.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
from project_copy import SOURCES, copy_project

from forked_command import PROGRAMS, ForkedCommands
from lakehouse import BIN, Lakehouse
from local_warehouse.testing import run

TRIPS = """\
Picked up;Größe;order;2nd stop;fare;fare text;raw_fare;line id
2026-03-01 08:00:00;1;a;x;10.50;t;r;1
2026-03-01T08:15Z;2;b;;-3.1;t;r;2
2026-03-01 09:00+02:00;3;c;x;7;t;r;3
2026-03-01;4;d;x;7;t;r;4
2026-02-29 08:00:00;5;;x;7,5;t;r;5
2026-03-01 08:00:00;1;a;x;10.50;t;r;1
too;many;fields;in;this;line;of;the;file
"""
INVOICES = """\
invoice no,issued,net,tax rate,paid on,note
0001,2026-01-31,1000.00,0.0725,2026-02-15,"two
lines"
0002,2026-01-31,99999999999999.99,0.19,,
0003,2026-01-31,12.345,0.19,soon,
0004,,1.00,0.19,2026-02-15,
"""
# The copy's schemas have other names than the project's.
SCHEMAS = {"bronze": "raw", "silver": "Clean_Rows", "gold": "mart"}
SALES = "createtime,id,product,quan,shop,platform\n2026-08-01,1,APPLE,2,Main,shopee\n"
NOTES = "author,note\nann,first\nbob,second\n"


def sensors() -> str:
    """Four rows of forty columns, in single quotes; in the last row three are NULL."""
    names = ["measured at", "station", *(f"sensor {number}" for number in range(1, 39))]
    rows = [
        [f"2026-05-0{day} 12:00:00", f"s{day}", *(str(day * number) for number in range(1, 39))]
        for day in range(1, 5)
    ]
    rows[-1][-3:] = ["none"] * 3
    rows[0][1] = "s1''s"
    lines = [",".join(f"'{text}'" for text in line) for line in [names, *rows]]
    return "\n".join(lines) + "\n"


@dataclass
class Project:
    """A copy of the project, with a lakehouse of its own."""

    folder: Path
    lakehouse: Lakehouse
    commands: ForkedCommands

    def run(self, *command: str, check: bool = True) -> CompletedProcess[str]:
        env = self.lakehouse.env | {"DBT_TARGET_PATH": str(self.folder / "target")}
        program, *arguments = command
        if program in PROGRAMS:
            done = self.commands.run(command, env, self.folder)
            assert not check or done.returncode == 0, done.stdout + done.stderr
        else:
            done = run([str(BIN / program), *arguments], env, check=check, cwd=self.folder)
        return done

    def land(self, key: str, text: str) -> None:
        bucket = self.lakehouse.env["LANDING_URL"].removeprefix("s3://")
        self.lakehouse.s3.put_object(Bucket=bucket, Key=key, Body=text.encode())

    def sample(self, name: str, text: str) -> str:
        path = self.folder.parent / name
        path.write_text(text, "utf-8")
        return str(path)

    def sql(self, statement: str) -> list[dict[str, Any]]:
        """The rows of a statement that calls the schemas by their layers."""
        for layer, name in SCHEMAS.items():
            statement = statement.replace(f" {layer}.", f" {name}.")
        return self.lakehouse.sql(statement)

    def counted(self) -> dict[str, tuple[int, ...]]:
        """Accepted, rejected and bronze-only rows of each dataset, by gold.file_quality."""
        rows = self.sql(
            "select dataset, sum(accepted_rows) as accepted, sum(rejected_rows) as rejected, "
            "sum(bronze_only_rows) as bronze_only from gold.file_quality group by dataset"
        )
        return {r["dataset"]: (r["accepted"], r["rejected"], r["bronze_only"]) for r in rows}


@pytest.fixture(scope="module")
def project(
    new_lakehouse: Callable[[str], Lakehouse],
    commands: ForkedCommands,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Project]:
    lakehouse = new_lakehouse("third_dataset")
    lakehouse.up()
    folder = copy_project(tmp_path_factory.mktemp("third") / "project")
    file = folder / "dbt_project.yml"
    settings = yaml.safe_load(file.read_text("utf-8"))
    settings["vars"] |= {"schemas": SCHEMAS, "personal_data_group": "account users"}
    file.write_text(yaml.safe_dump(settings), "utf-8")
    yield Project(folder, lakehouse, commands)
    lakehouse.down()


def test_what_is_written_passes_the_linters(project: Project) -> None:
    trips = project.sample("trips_2026-03-01.csv", TRIPS)
    project.run(
        "new-dataset", "trips", trips, "--gold", "--timestamp", "picked_up", "--whole", "größe",
        "--decimal", "fare", "--optional", "2nd_stop",
    )  # fmt: skip
    invoices = project.sample("invoices_january.csv", INVOICES.replace("12.345", "12.34"))
    project.run(
        "new-dataset", "invoices", invoices, "--date", "issued", "--decimal", "net,tax_rate",
        "--date", "paid_on", "--optional", "paid_on,note",
    )  # fmt: skip
    good = sensors().replace("none", "1")
    project.run("new-dataset", "readings", project.sample("sensors.csv", good), "--gold", "--yes")

    project.run("dbt", "--quiet", "--warn-error", "parse", "--no-partial-parse")
    project.run("dbt-bouncer", "run")
    written = [
        str(path.relative_to(project.folder))
        for name in ("trips", "invoices", "readings")
        for path in sorted(project.folder.glob(f"models/**/*{name}.sql"))
    ]
    assert len(written) == 14
    project.run("sqlfluff", "lint", "--disable-progress-bar", *written)


def test_rows_are_accepted_rejected_and_counted(project: Project) -> None:
    sources = project.folder / SOURCES
    table = (
        '      - name: notes\n        description: Notes.\n        external: {location: "n*"}\n\n'
    )
    at = "      - name: load_log\n"
    sources.write_text(sources.read_text("utf-8").replace(at, table + at), "utf-8")
    project.land("trips/trips_2026-03-01.csv", TRIPS)
    project.land("invoices_january.csv", INVOICES)
    project.land("a/b/sensors.csv", sensors())
    project.land("notes.csv", NOTES)
    project.land("customer_infomation_1.csv", "id,customername,gender,age\n1,Ann,F,30\n")
    project.land("data_sales_1.csv", SALES)
    project.run("load-bronze")
    project.run("dbt", "build")

    schemas = project.sql("select schema_name from information_schema.schemata")
    made = {row["schema_name"] for row in schemas} - {"default", "information_schema"}
    assert made == {name.lower() for name in SCHEMAS.values()}
    assert project.counted() == {
        "trips": (4, 3, 0),
        "invoices": (2, 2, 0),
        "readings": (3, 1, 0),
        "notes": (0, 0, 2),
        "customers": (1, 0, 0),
        "sales": (1, 0, 0),
    }
    rejections = project.sql("select dataset, reason, rejected_rows from gold.rejections")
    assert {(r["dataset"], r["reason"]): r["rejected_rows"] for r in rejections} == {
        ("trips", "corrupt_line"): 1,
        ("trips", "damaged_id"): 1,
        ("trips", "invalid_fare"): 2,
        ("trips", "invalid_picked_up"): 3,
        ("trips", "invalid_grosse"): 1,
        ("trips", "missing_trip_order"): 1,
        ("invoices", "invalid_net"): 1,
        ("invoices", "invalid_paid_on"): 1,
        ("invoices", "missing_issued"): 1,
        **{("readings", f"missing_sensor_{number}"): 1 for number in (36, 37, 38)},
    }


def test_values_are_typed_and_equal_lines_stay_apart(project: Project) -> None:
    trips = project.sql(
        "select cast(picked_up as string) as picked_up, grosse, cast(fare as string) as fare, "
        "trip_2nd_stop, trip_fare_text, trip_raw_fare, trip_line_id from gold.all_trips "
        "order by trip_line_id"
    )
    assert [(r["picked_up"][:19], r["grosse"], r["fare"], r["trip_2nd_stop"]) for r in trips] == [
        ("2026-03-01 08:00:00", 1, "10.50", "x"),
        ("2026-03-01 08:00:00", 1, "10.50", "x"),
        ("2026-03-01 08:15:00", 2, "-3.10", None),
        ("2026-03-01 07:00:00", 3, "7.00", "x"),
    ]
    invoices = project.sql("select * from silver.invoices order by invoice_no")
    assert [str(row["tax_rate"]) for row in invoices] == ["0.0725", "0.1900"]
    assert [row["note"] for row in invoices] == ["two\nlines", None]
    readings = project.sql("select sum(sensor_38) as total from gold.all_readings")
    assert readings == [{"total": 38 + 2 * 38 + 3 * 38}]


PERSONS = {
    "bronze.customers": "customername, gender, age",
    "silver.checked_customers": "customer_name, gender, age, raw_customer_name, raw_gender, raw_age"
    ", _corrupt_record",
    "silver.customer_versions": "customer_name, gender, age",
    "silver.customers": "customer_name, gender, age",
    "silver.customer_history": "customer_name, gender, age",
    "gold.sales_of_customer": "customer_name, gender, age",
}


def seen(project: Project) -> dict[str, set[str | None]]:
    """By relation, all that is seen of its persons, as text."""
    return {
        relation: {
            value and str(value)
            for row in project.sql(f"select {columns} from {relation}")
            for value in row.values()
        }
        for relation, columns in PERSONS.items()
    }


def test_members_of_the_group_are_shown_personal_data_and_all_others_nothing(
    project: Project,
) -> None:
    shown = seen(project)
    assert all({"Ann", "30"} <= values for values in shown.values()), shown
    functions = project.sql(
        "select concat(routine_schema, '.', routine_name) as name, data_type, routine_definition "
        "from information_schema.routines where routine_name like 'shown%'"
    )
    for function in functions:  # as they were with a group that nobody here is in
        body = function["routine_definition"].replace("'account users'", "'analysts'")
        project.sql(
            f"create or replace function {function['name']}(value {function['data_type']}) "
            f"returns {function['data_type']} return {body}"
        )
    assert seen(project) == {relation: {None} for relation in PERSONS}
    project.run("dbt", "run-operation", "remove_masks")
    assert seen(project) == shown


def test_retired_dataset_stays_counted_and_breaks_nothing(project: Project) -> None:
    """What docs/operations.md says to remove is gone; bronze and the logs keep what they have."""
    for path in project.folder.glob("models/**/*invoices.*"):
        path.unlink()
    settings = project.folder / "dbt_project.yml"
    settings.write_text(settings.read_text("utf-8").replace("account users", "''"), "utf-8")
    sources = project.folder / SOURCES
    before, _, rest = sources.read_text("utf-8").partition("\n      - name: invoices\n")
    sources.write_text(before + rest[rest.index("\n      - name: ") :], "utf-8")
    project.land("trips/trips_2026-03-01.csv", "\n".join(TRIPS.splitlines()[:2]) + "\n")
    project.run("load-bronze")
    project.run("dbt", "build", "--exclude-resource-type", "unit_test")

    assert project.counted() == {
        "trips": (1, 0, 0),
        "invoices": (2, 2, 0),
        "readings": (3, 1, 0),
        "notes": (0, 0, 2),
        "customers": (1, 0, 0),
        "sales": (1, 0, 0),
    }
    assert project.sql("select count(*) as n from gold.all_trips") == [{"n": 1}]
    assert project.sql("select * from information_schema.column_masks") == []
    assert project.sql("select count(*) as n from bronze.invoices") == [{"n": 4}]
    audit = project.run(
        "dbt", "test", "--vars", "audit: true", "--select",
        "every_bronze_row_is_in_silver", "every_loaded_file_is_in_bronze", "file_quality",
    )  # fmt: skip
    assert "every_bronze_row_is_in_silver" in audit.stdout
