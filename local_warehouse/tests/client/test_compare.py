"""`local-warehouse compare`: what two warehouses answer differently."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from warehouse_under_test import PATIENCE, eventually

_OWN = "show schemas like 'local_warehouse_compare_*'"


@pytest.fixture(scope="module")
def kept(warehouse: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers of a second connection to the warehouse, which stands for a workspace: compared with
    its own, none differs."""
    file: Path = tmp_path_factory.mktemp("compare") / "answers.json"
    done = _compare(warehouse, "--count", "8", "--seed", "3", "--save", str(file))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "no difference\n"
    assert "0 differ of 48" in done.stderr
    assert warehouse.sql(_OWN) == []
    return file


def test_an_answer_that_differs_is_printed_with_both(warehouse: Any, kept: Path) -> None:
    answers = json.loads(kept.read_text("utf-8"))
    altered = next(sql for sql, answer in answers.items() if answer.get("rows"))
    answers[altered]["rows"][0][0] = "false"
    kept.with_name("altered.json").write_text(json.dumps(answers), "utf-8")
    given = ("--answers", str(kept.with_name("altered.json")))
    done = _compare(warehouse, *given, "--json")
    assert done.returncode == 1, done.stderr
    (difference,) = json.loads(done.stdout)["differences"]
    assert difference["sql"] == altered
    assert difference["kind"] == "other values"
    assert difference["workspace"]["rows"][0][0] == "false"
    assert difference["local"]["rows"][0][0] != "false"
    assert warehouse.sql(_OWN) == []


def test_without_a_workspace_it_says_what_to_set(warehouse: Any, tmp_path: Path) -> None:
    done = _compare(warehouse, DATABRICKS_HOST="")
    assert done.returncode == 2
    assert "set DATABRICKS_HOST" in done.stderr
    assert "DATABRICKS_TOKEN" in done.stderr
    (tmp_path / "none.json").write_text("[]", "utf-8")
    done = _compare(warehouse, "--answers", str(tmp_path / "none.json"))
    assert done.returncode == 2
    assert "holds no answers of `compare --save`" in done.stderr


def test_when_it_is_told_to_end_it_drops_its_schemas(warehouse: Any) -> None:
    command = ("local-warehouse", "--state", str(warehouse.state), "compare", "--count", "5000")
    with subprocess.Popen(command, env=warehouse.env, stderr=subprocess.DEVNULL) as process:
        eventually(lambda: len(warehouse.sql(_OWN)) == 2, "both schemas are there", every=0.5)
        process.terminate()
        assert process.wait(PATIENCE) == 130
    assert warehouse.sql(_OWN) == []


def _compare(warehouse: Any, *options: str, **env: str) -> Any:
    command = ("local-warehouse", "--state", str(warehouse.state), "compare", *options)
    return warehouse.run(*command, check=False, **env)
