"""`new-dataset`: what it writes, what it refuses, and that it writes all or nothing."""

import gzip
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from project_copy import PARTS, SOURCES, all_files

from bronze_loader.datasets.column_names import normalise
from bronze_loader.datasets.declaration import read_datasets
from lakehouse import ROOT
from new_dataset import writing
from new_dataset.cli import main
from new_dataset.location import common_location
from new_dataset.names import column_names, is_plain
from new_dataset.proposals import propose
from new_dataset.sample_files import Sample, SampleColumn
from new_dataset.source_yaml import CsvOptions

RETURNS = "Returned At,Order No,Amount,Reason\n2026-02-28 10:00:00,A1,12.50,\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's models and seeds, which is the working folder."""
    folder = tmp_path / "project"
    for part in [part for part in PARTS if part in ("models", "seeds")]:
        shutil.copytree(ROOT / part, folder / part)
    monkeypatch.chdir(folder)
    return folder


def sample(project: Path, text: str = RETURNS, name: str = "returns_2026-02.csv") -> str:
    path = project.parent / name
    path.write_bytes(text.encode())
    return str(path)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command says when it changes nothing."""
    before = all_files(Path.cwd())
    assert main(list(arguments)) == 2
    assert all_files(Path.cwd()) == before
    return capsys.readouterr().err


def checked(project: Path, name: str = "returns") -> str:
    return (project / f"models/silver/checked/checked_{name}.sql").read_text()


class Terminal(io.StringIO):
    """A terminal at which these lines are typed."""

    def isatty(self) -> bool:
        return True


# What is written


def test_declaration_gets_an_entry_and_keeps_the_rest(project: Path) -> None:
    before = (project / SOURCES).read_text()
    assert main(["returns", sample(project), "--optional", "reason"]) == 0
    after = (project / SOURCES).read_text()
    start = after.index("      - name: returns\n")
    entry = after[start : after.index("      - name: load_log\n")]
    assert after.replace(entry, "") == before
    assert "options: *csv_options" in entry
    assert entry.count("config: *required") == 3
    declared = {dataset.name: dataset for dataset in read_datasets(project / SOURCES)}["returns"]
    assert declared.location == "**/returns_*"
    assert declared.column_names == ("returned_at", "order_no", "amount", "reason")
    assert declared.required_names == ("returned_at", "order_no", "amount")


def test_entry_goes_behind_the_last_dataset_of_a_file_without_anchors(project: Path) -> None:
    text = (
        "sources:\n- name: bronze\n  tables:\n  - name: sales\n    external: {location: 's*'}\n"
        "    columns:\n    - name: id\n      description: >-\n        An id.\n\n  # the end\n"
    )
    (project / SOURCES).write_text(text)
    assert main(["returns", sample(project)]) == 0
    after = (project / SOURCES).read_text()
    assert after.endswith("\n\n  # the end\n")
    tables = yaml.safe_load(after)["sources"][0]["tables"]
    assert [table["name"] for table in tables] == ["sales", "returns"]
    assert tables[1]["config"]["loaded_at_field"] == "_loaded_at"
    assert tables[1]["columns"][0]["config"] == {"meta": {"required": True}}


def test_types_are_given_and_all_else_is_text(project: Path) -> None:
    columns = ["--timestamp", "Returned At", "--decimal", "amount", "--optional", "reason"]
    assert main(["returns", sample(project), *columns]) == 0
    assert "iso_timestamp('returned_at_text')" in checked(project)
    assert "decimal_number('amount_text', 'decimal(18,2)')" in checked(project)
    assert "order_no_text as order_no" in checked(project)
    assert "optional=['reason']" in checked(project)


def test_types_are_proposed_and_corrected_at_a_terminal(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ["amount text optional", "nothing date", "reason number", "returned_at date", ""]
    monkeypatch.setattr("sys.stdin", Terminal("\n".join(typed) + "\n"))
    assert main(["returns", sample(project)]) == 0
    said = capsys.readouterr()
    assert re.search(r"reason +text optional", said.out)
    assert re.search(r"amount +decimal +12\.50", said.out)
    assert "nothing: there is no such column" in said.out
    assert "not a type: number" in said.out
    assert "returned_at has 1 of 1 sample values that are no date" in said.err
    assert "optional=['amount', 'reason']" in checked(project)
    assert "decimal_number" not in checked(project)
    assert "iso_date('returned_at_text')" in checked(project)


def test_terminal_that_ends_writes_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert "stopped" in refused(capsys, "returns", sample(project))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2026-02-28", "2026-03-01"], "date"),
        (["2026-02-28", "2026-02-30"], "text"),
        (["2026-02-28 10:00", "2026-02-28T10:00:00.5+02:00"], "timestamp"),
        (["2026-02-28 25:00:00"], "text"),
        (["1", "-20"], "whole"),
        (["1", "007"], "text"),
        (["9" * 19], "decimal"),
        (["1", "2.5"], "decimal"),
        (["1,5"], "text"),
        (["9" * 39], "text"),
        (["x"], "text"),
        (["1"] * 8 + ["2.5", "n/a"], "decimal"),
        (["1"] * 8 + ["n/a", "x"], "text"),
        ([], "text optional"),
        (["1", ""], "whole optional"),
    ],
)
def test_proposal_is_the_narrowest_type_that_reads_most_values(
    values: list[str], expected: str
) -> None:
    there = [value for value in values if value]
    column = SampleColumn("measure", there, blanks=len(values) - len(there), files=1)
    assert propose(column, Sample((column,), 1, 1, CsvOptions())).described() == expected


def test_numbers_of_ids_are_proposed_as_text() -> None:
    column = SampleColumn("customer_id", ["1", "2"], files=1)
    assert propose(column, Sample((column,), 2, 1, CsvOptions())).described() == "text"


def test_column_that_a_file_lacks_is_proposed_as_optional(project: Path) -> None:
    files = [
        sample(project, "a,b\n1,2\n", "pairs_1.csv"),
        sample(project, "b;a;c\n2;1;3\n", "pairs_2.csv"),
    ]
    assert main(["pairs", *files, "--yes"]) == 0
    assert "set columns = ['a', 'b', 'c']" in checked(project, "pairs")
    assert "optional=['c']" in checked(project, "pairs")


def test_file_is_not_refused_for_a_column_that_another_sample_lacks(project: Path) -> None:
    files = [
        sample(project, "a\n1\n", "pairs_1.csv"),
        sample(project, "a,b\n1,2\n", "pairs_2.csv"),
    ]
    assert main(["pairs", *files]) == 0
    declared = {dataset.name: dataset for dataset in read_datasets(project / SOURCES)}["pairs"]
    assert declared.required_names == ("a",)


def test_compressed_file_in_another_encoding_is_read(project: Path) -> None:
    path = project.parent / "prices_1.csv.gz"
    path.write_bytes(gzip.compress("Währung;Preis\nPfund £;1.25\n".encode("cp1252")))
    assert main(["prices", str(path), "--yes", "--encoding", "windows-1252"]) == 0
    assert "encoding: windows-1252" in (project / SOURCES).read_text()
    assert "`währung` as wahrung," in (project / "models/bronze/bronze_prices.sql").read_text()


def test_gold_table_has_a_contract(project: Path) -> None:
    assert main(["returns", sample(project), "--gold", "--yes"]) == 0
    (model,) = yaml.safe_load((project / "models/gold/all_returns.yml").read_text())["models"]
    types = {column["name"]: column["data_type"] for column in model["columns"]}
    assert types["amount"] == "decimal(18,2)"
    not_null = [c["name"] for c in model["columns"] if c.get("constraints")]
    assert "amount" in not_null
    assert "reason" not in not_null


# Names

HOSTILE = [
    "select", "Date", "NAME", "2024", "_source_file", "_corrupt_record", "größe", "数量", "", "  ",
    'a"b`c', "'; drop table x; --", "{{ env_var('HOME') }}", "raw_a", "a", "a_text", "line_id",
    "Line ID", "yes", "null", "reject_reasons", "x" * 200, "a\nb", "reason", "\u202e",
]  # fmt: skip


def test_hostile_headers_get_plain_names(project: Path) -> None:
    header = ";".join(f'"{name}"'.replace('a"b', 'a""b') for name in HOSTILE)
    row = ";".join("x" for _ in HOSTILE)
    assert main(["things", sample(project, f"{header}\n{row}\n", "things_1.csv"), "--gold"]) == 0
    for path in project.glob("models/**/*things.yml"):
        document = yaml.safe_load(path.read_text())
        for column in document["models"][0]["columns"]:
            name = column["name"]
            assert re.fullmatch(r"[a-z_][a-z0-9_]*", name)
            assert "{{" not in column["description"].replace("{{ doc(", "")
    tables = yaml.safe_load((project / SOURCES).read_text())["sources"][0]["tables"]
    (declared,) = [table for table in tables if table["name"] == "things"]
    assert [column["name"] for column in declared["columns"]] == normalise(HOSTILE)


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=12))
def test_any_header_gets_plain_names_that_differ(header: list[str]) -> None:
    names = column_names(normalise(header), "returns", {})
    assert len(set(names.values())) == len(names)
    made = set(names.values())
    for name in made:
        assert is_plain(name)
        assert not {f"raw_{name}", f"{name}_text"} & made


def test_column_is_renamed_and_known_by_both_names(project: Path) -> None:
    arguments = ["--rename", "returned_at=came_back_at", "--timestamp", "came_back_at"]
    assert main(["returns", sample(project), *arguments, "--optional", "order_no"]) == 0
    view = (project / "models/bronze/bronze_returns.sql").read_text()
    assert "returned_at as came_back_at," in view
    assert "iso_timestamp('came_back_at_text') }} as came_back_at" in checked(project)


@pytest.mark.parametrize(
    "name",
    ["Returns", "1st", "a", "re turns", "re-turns", "returns2", "returns_", "größe", "order", "a'b",
     "null", "yes", "_returns", "bronze_returns", "load_log", "../returns", "re__turns", ""],
)  # fmt: skip
def test_dataset_name_that_no_model_can_have_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    said = refused(capsys, name, sample(project))
    assert name in said
    assert "Traceback" not in said


# What is refused


@pytest.mark.parametrize("name", ["sales", "platforms", "files", "file_quality"])
def test_name_of_a_model_or_seed_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert "is there already and is never overwritten" in refused(capsys, name, sample(project))


def test_file_that_is_there_is_named_and_nothing_is_written(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "models/silver/rejected_returns.yml").write_text("mine")
    assert "models/silver/rejected_returns.yml" in refused(capsys, "returns", sample(project))


def test_second_time_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["returns", sample(project)]) == 0
    assert "bronze_returns.sql is there already" in refused(capsys, "returns", sample(project))


def test_dataset_that_is_declared_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = project / SOURCES
    table = "      - name: returns\n        external: {location: 'x*'}\n\n"
    at = "      - name: load_log\n"
    sources.write_text(sources.read_text().replace(at, table + at))
    assert "declared in the source YAML already" in refused(capsys, "returns", sample(project))


def test_failure_half_way_leaves_nothing_behind(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    def full(path: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if path.name == "rejected_returns.yml":
            raise OSError(28, "No space left on device", str(path))
        return opened(path, mode, *arguments, **named)

    monkeypatch.setattr(writing.Path, "open", full)
    said = refused(capsys, "returns", sample(project))
    assert "No space left on device" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--date", "nothing"], "--date nothing: there is no such column"),
        (["--date", "amount", "--whole", "amount"], "two types"),
        (["--rename", "amount=select"], "--rename amount=select"),
        (["--rename", "nothing=x"], "no column nothing"),
        (["--location", "**/data_sales_*"], "two datasets: sales"),
        (["--location", "**/data_*"], "two datasets: sales"),
        (["--location", "[x"], "not closed"),
        (["--location", "a/{{x}}*"], "Jinja"),
        (["--delimiter", ",,"], "one character"),
        (["--encoding", "no such"], "--encoding"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_says_what_is_wrong(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert says in refused(capsys, "returns", sample(project), *arguments)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("data_sales_9.csv", RETURNS, "two datasets: sales"),
        ("returns.txt", RETURNS, "the loader takes names that end in .csv"),
        ("2026.csv", RETURNS, "give --location"),
        ("returns.csv", "", "empty"),
        ("returns.csv", "PK\3\4", "zip archive"),
        ("wide.csv", ",".join(f"c{n}" for n in range(300)) + "\n", "--only"),
    ],
    ids=["of sales", "no csv", "no name", "empty", "zip", "300 columns"],
)
def test_sample_that_will_not_do_says_why(
    project: Path, capsys: pytest.CaptureFixture[str], name: str, content: str, says: str
) -> None:
    assert says in refused(capsys, "returns", sample(project, content, name))


def test_of_very_many_columns_some_are_taken(project: Path) -> None:
    wide = sample(project, ",".join(f"c{n}" for n in range(300)) + "\n", "wide.csv")
    assert main(["wide", wide, "--only", "c7,c299"]) == 0
    assert "set columns = ['c7', 'c299']" in checked(project, "wide")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["returns_2026-01.csv", "returns_2026-02.csv.gz"], "**/returns_*"),
        (["inventory.csv"], "**/inventory*"),
        (["Order lines 7.csv"], "**/Order lines *"),
        (["a[1]b*x.csv"], "**/a[[]1[]]b[*]x*"),
    ],
)
def test_location_is_the_names_common_beginning(names: list[str], expected: str) -> None:
    assert common_location(names) == expected
