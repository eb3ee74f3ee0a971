"""`prove-workspace` against the local warehouse, where all holds; and what it says when not.

The command runs once. For each assumption it then runs on what it was answered there, with one
answer that would be given if the assumption were wrong.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from forked_command import ForkedCommands
from lakehouse import BIN, ROOT, Lakehouse
from workspace_proof import cli, sample
from workspace_proof.findings import HEADING, listed_assumptions
from workspace_proof.ground import Ended, Ground
from workspace_proof.proof import BUILD, CHANGE, CHECKS, LOAD, NOT_REACHED, REMOVAL, RESUME

NAME = "prove_tests"
QUESTIONS = (
    "sql", "refusal", "put", "moments", "tables_files", "load", "kill_load", "build", "compare",
    "drop_schemas", "delete_objects", "left",
)  # fmt: skip
Call = tuple[str, str]  # the method, and its arguments as text
Change = Callable[[Any], Any]


class Recorded(Ground):
    """The ground, with its dbt and loader as forks, and with a record of what it answered."""

    commands: ForkedCommands
    answers: dict[Call, list[Any]]

    def _run(self, command: Any) -> Ended:
        program = Path(command[0]).name
        if program not in ("dbt", "load-bronze"):
            return super()._run(command)
        env = self._started(command)._env
        done = self.commands.run([program, *command[1:]], env, ROOT)
        return Ended(done.returncode, done.stdout + done.stderr)


class Replayed:
    """The recorded answers, each as often as it was given; `change` makes one of them another.

    `change` has the name of a method, a part of its arguments' text, and which of these calls is
    meant.
    """

    def __init__(
        self, answers: dict[Call, list[Any]], change: tuple[str, str, int, Change] | None = None
    ) -> None:
        self.name, self.schemas = (
            NAME,
            [f"{NAME}_{layer}" for layer in ("bronze", "silver", "gold")],
        )
        self._answers = {call: list(given) for call, given in answers.items()}
        self._change = change
        self._met = 0
        self.called: list[str] = []

    def url(self, key: str) -> str:
        return f"s3://lakehouse/{NAME}/landing/{key}"

    def close(self) -> None:
        """Nothing was opened."""

    def __getattr__(self, method: str) -> Any:
        if method not in QUESTIONS:
            raise AttributeError(method)

        def answer(*arguments: Any) -> Any:
            self.called.append(method)
            call = (method, repr(arguments))
            [first, *rest] = self._answers[call]
            self._answers[call] = rest or [first]
            if self._change and method == self._change[0] and self._change[1] in call[1]:
                self._met += 1
                if self._met - 1 == self._change[2]:
                    return self._change[3](first)
            return first

        return answer


@contextmanager
def environment(lakehouse: Lakehouse) -> Iterator[None]:
    with mock.patch.dict(os.environ, lakehouse.env, clear=True):
        yield


@pytest.fixture(scope="module")
def proved(
    lakehouse: Lakehouse, commands: ForkedCommands, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """The answers of a run that is not a stub's, its exit code, and its report."""
    answers: dict[Call, list[Any]] = {}

    def recording(method: str) -> Any:
        asked = getattr(Ground, method)

        def ask(self: Any, *arguments: Any) -> Any:
            answer = asked(self, *arguments)
            answers.setdefault((method, repr(arguments)), []).append(answer)
            return answer

        return ask

    recorded = type("Recording", (Recorded,), {each: recording(each) for each in QUESTIONS})
    recorded.commands = commands
    report = tmp_path_factory.mktemp("proof") / "report.json"
    # pyarrow crashes where the first rows that it converts are those behind the proof.
    lakehouse.sql("select 1 as a")
    with environment(lakehouse), mock.patch.object(cli, "Ground", recorded):
        code = cli.main(["--name", NAME, "--json", str(report)])
    return answers, code, report.read_text()


def rerun(lakehouse: Lakehouse, folder: Path, ground: Any) -> tuple[int, dict[str, Any]]:
    """Exit code and findings by assumption, of a run on this ground."""
    with environment(lakehouse), mock.patch.object(cli, "Ground", lambda *_: ground):
        code = cli.main(["--name", NAME, "--json", str(folder / "report.json")])
    said = json.loads((folder / "report.json").read_text())["findings"]
    return code, {finding["assumption"]: finding for finding in said}


def test_all_that_is_asked_holds_here_and_nothing_is_left(
    proved: Any, lakehouse: Lakehouse
) -> None:
    _, code, report = proved
    said = {finding["assumption"]: finding for finding in json.loads(report)["findings"]}
    assert [text for text, finding in said.items() if finding["held"] is False] == []
    assert code == 0
    held = {text for text, finding in said.items() if finding["held"]}
    comparison = CHECKS[-1].assumption
    assert held | {comparison} == {check.assumption for check in CHECKS} | {REMOVAL}
    assert "killed after" in said[RESUME]["seen"]
    assert re.search(r"PASS=\d+ WARN=0 ERROR=0 SKIP=0", said[BUILD]["seen"])
    schemas = lakehouse.sql("select schema_name as s from information_schema.schemata")
    assert not [row["s"] for row in schemas if row["s"].startswith(NAME)]
    assert not lakehouse.s3.list_objects_v2(Bucket="lakehouse", Prefix=NAME)["KeyCount"]


def test_report_names_every_listed_assumption_and_no_host_or_bucket(proved: Any) -> None:
    report = json.loads(proved[2])
    said = {finding["assumption"]: finding["held"] for finding in report["findings"]}
    listed = listed_assumptions(ROOT / "docs" / "verified.md")
    assert set(listed) <= set(said)
    asked = {check.assumption for check in CHECKS} | {REMOVAL}
    local = listed_assumptions(ROOT / "local_warehouse" / "docs" / "verified.md")
    assert asked <= set(listed | local), "the page lists whatever is asked"
    page = (ROOT / "docs" / "verified.md").read_text()
    first_table = page.partition(HEADING)[2].split("\n| assumption |")[1]
    assert asked >= {text for text in listed if f"\n| {text} |" in first_table}
    assert {text for text, held in said.items() if held is None} >= set(listed) - asked
    assert "localhost" not in proved[2]
    assert "s3://lakehouse" not in proved[2]
    assert set(report["versions"]) >= {"dbt-databricks"}


def in_rows(where: str, **values: Any) -> Change:
    """Give other values to the rows in which some value contains a text."""

    def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert any(where in str(row) for row in rows)
        return [row | values if where in str(row) else row for row in rows]

    return change


CUSTOMER_ROWS = "SELECT _source_file, id"
CUSTOMERS_FILE = "customer_infomation_1.csv"
VALUES, MALFORMED, GLOB, OPTIONS, MOMENTS, CASTS = (check.assumption for check in CHECKS[1:7])
COLUMNS, TAGS, MASKS, AGAIN, NOTHING_NEW, COMPARISON = (
    CHECKS[n].assumption for n in (8, 10, 11, 13, 14, 15)
)
DENIED = Ended(1, "load-bronze: PERMISSION_DENIED: CREATE EXTERNAL TABLE\n")
FAILED = Ended(1, "Done. PASS=50 WARN=0 ERROR=2 SKIP=10 TOTAL=62\n")
NEWER = in_rows("version", version=10_000)
# What a workspace would answer in which the assumption were wrong, and what the proof then sees.
WRONG: list[tuple[str, str, str, int, Change, str]] = [
    (LOAD, "load", "", 0, lambda _: DENIED, "PERMISSION_DENIED"),
    (LOAD, "load", "", 0, lambda _: Ended(0, '{"new": 8, "changed": 0}'), "8 of 9"),
    (VALUES, "sql", CUSTOMER_ROWS, 0, in_rows("'041'", age="41"), "'41'"),
    (VALUES, "sql", CUSTOMER_ROWS, 0, in_rows("Aachen", customername='"Carl'), "Carl"),
    (VALUES, "sql", CUSTOMER_ROWS, 0, in_rows("Dóra", age=""), "''"),
    (MALFORMED, "sql", "_corrupt_record", 0, in_rows("Short", _corrupt_record=None), "[]"),
    (GLOB, "sql", CUSTOMER_ROWS, 1, lambda rows: [*rows, {**rows[-1], "_source_file":
        f"s3://lakehouse/{NAME}/landing/{sample.PATTERN_KEY}"}], "Pattern"),
    (GLOB, "sql", CUSTOMER_ROWS, 1, lambda rows: [r for r in rows if r["id"] != "7"], "[]"),
    (OPTIONS, "sql", "skipRows", 0, in_rows("Ann", name=" Ann"), "' Ann'"),
    (OPTIONS, "refusal", "padded", 0, lambda _: "", "no error"),
    (MOMENTS, "sql", "unix_micros", 0, in_rows(CUSTOMERS_FILE, moment=0), "1 of 8 differ"),
    (CASTS, "refusal", "CAST", 0, lambda _: "", "no error"),
    (CASTS, "sql", "TRY_CAST", 0, in_rows("n", n=0), "; 0"),
    (CHANGE, "sql", "SELECT product FROM", 0, lambda rows: [*rows, {"product": "OPPO"}], "OPPO"),
    (CHANGE, "sql", "DESCRIBE HISTORY", 1, NEWER, "commits"),
    (COLUMNS, "sql", "loyalty", 0, lambda _: [], "[]"),
    (BUILD, "build", "()", 0, lambda _: FAILED, "ERROR=2"),
    (BUILD, "sql", "sales_of_customer", 0, in_rows("APPLE", units=4), "4 APPLE"),
    (TAGS, "sql", "column_tags", 0, in_rows("raw_age", tag_value=None), "raw_age"),
    (TAGS, "sql", "column_tags", 0, lambda rows: [r for r in rows if "bronze" not in
        r["table_schema"]], "2 layers"),
    (MASKS, "sql", "FROM {bronze}.through_view", 0, in_rows("name", name="Eve"), "Eve, Eve masked"),
    (MASKS, "sql", "SELECT name FROM {bronze}.masked", 0, in_rows("Bob", name="Ben"), "Eve, Ben w"),
    (RESUME, "load", "--wait", 0, lambda _: replace(DENIED, printed="the lease"), "the lease"),
    (RESUME, "sql", "GROUP BY _source_file", 0, in_rows("k03", n=2), "14 rows of 13 files"),
    (AGAIN, "build", "seed", 0, lambda _: FAILED, "ERROR=2"),
    (AGAIN, "sql", "sales_of_customer", 1, lambda rows: [*rows, {"product": "VIVO", "units": 5,
        "sale_lines": 1}], "5 VIVO"),
    (NOTHING_NEW, "sql", "DESCRIBE HISTORY", 3, NEWER, "0 files loaded"),
    (COMPARISON, "compare", "", 0, lambda _: Ended(1, "3 answers differ"), "3 answers differ"),
    (REMOVAL, "tables_files", "", 1, lambda _: 0, "0 behind it"),
    (REMOVAL, "left", "", 1, lambda _: [f"schema {NAME}_gold"], "left: schema prove"),
]  # fmt: skip


def test_each_assumption_is_made_wrong() -> None:
    assert {each[0] for each in WRONG} == {check.assumption for check in CHECKS} | {REMOVAL}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda each: f"{each[0][:40]} {each[5]}")
def test_assumption_that_does_not_hold_is_noticed(
    proved: Any, lakehouse: Lakehouse, tmp_path: Path, wrong: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assumption, *change, seen = wrong
    code, said = rerun(lakehouse, tmp_path, Replayed(proved[0], tuple(change)))
    assert code == 1
    assert [text for text, finding in said.items() if finding["held"] is False] == [assumption]
    assert seen in said[assumption]["seen"]
    assert "NO" in capsys.readouterr().out
    reached = {text for text, finding in said.items() if finding["seen"] != NOT_REACHED}
    later = {check.assumption for check in CHECKS if assumption in check.after}
    assert not later & reached
    assert REMOVAL in reached, "whatever happens, all is removed"


def test_loader_that_was_not_killed_proves_nothing(
    proved: Any, lakehouse: Lakehouse, tmp_path: Path
) -> None:
    ended = ("kill_load", "", 0, lambda _: 0)
    code, said = rerun(lakehouse, tmp_path, Replayed(proved[0], ended))
    assert (code, said[RESUME]["held"]) == (1, None)
    assert "before it was killed" in said[RESUME]["seen"]


def test_interrupted_proof_removes_what_it_has_made(lakehouse: Lakehouse) -> None:
    name = "prove_interrupted"
    command = [str(BIN / "prove-workspace"), "--name", name]
    process = subprocess.Popen(
        command, env=lakehouse.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        # A process in a shell's background, where the tests may run, ignores SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stderr
    assert "held" in process.stderr.readline(), "bronze is made and loaded"
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=120)[1]
    assert process.returncode == 130, rest
    assert "removing what was made" in rest
    schemas = lakehouse.sql("select schema_name as s from information_schema.schemata")
    assert not [row["s"] for row in schemas if row["s"].startswith(name)]
    assert not lakehouse.s3.list_objects_v2(Bucket="lakehouse", Prefix=name)["KeyCount"]


def test_what_a_killed_proof_has_left_is_named_and_removed(
    lakehouse: Lakehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    lakehouse.sql("create schema prove_killed_silver")
    lakehouse.s3.put_object(Bucket="lakehouse", Key="prove_killed/landing/a.csv", Body=b"id\n")
    with environment(lakehouse):
        assert cli.main(["--name", "prove_killed"]) == 2
        said = capsys.readouterr().err
        assert "schema prove_killed_silver" in said
        assert "--name prove_killed --remove" in said
        assert cli.main(["--name", "prove_killed", "--remove"]) == 0
        assert "2 schemas and objects" in capsys.readouterr().out
        assert cli.main(["--name", "prove_killed", "--remove"]) == 0
    assert "nothing of prove_killed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--name", "gold", "--remove"], "prove_"),
        (["--remove"], "--name"),
        (["/a/folder"], "s3://bucket/prefix"),
        (["--catalog", "a`b"], "no name of a catalog"),
        (["--catalog", "absent"], "absent"),
    ],
)
def test_wrong_use_is_explained_before_anything_is_made(
    lakehouse: Lakehouse, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with environment(lakehouse):
        try:
            code = cli.main(arguments)
        except SystemExit as ended:
            code = int(str(ended.code))
    assert code in (1, 2)
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
