"""Questions that no one here wrote: the documented examples with their values exchanged for NULL,
empty, extreme and unicode ones, with their values in columns, or with an argument exchanged for a
column or a literal of another type, queries of a grammar, and queries that put forms of clauses
beside each other. The warehouse answers what Spark answers, or says by name that it does not
support it.

The first RECORDED questions of each kind, of a fixed seed, have recorded answers; a tenth of them
is asked, chosen by a seed that a failure prints; the seed `all` in CONFORMANCE_SEED asks all of
them. run.py asks Spark and the warehouse 10,000 queries, 5,000 calls with other values, 3,000 with
other types, 3,000 with values in columns and 3,000 queries by clauses of a seed, which is printed
too, and records the answers to the first anew.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from reference import ANSWERS, HERE, ask, spark_is_there, write_answers

from local_warehouse.comparison.questions import KINDS as MAKERS
from local_warehouse.comparison.questions import documented
from local_warehouse.comparison.tables import TABLES
from local_warehouse.comparison.verdicts import (
    CONDITION,
    EQUAL,
    FAILS,
    LENIENT,
    REFUSED,
    UNCOMPARED,
    is_ordered,
    verdict,
)
from local_warehouse.comparison.warehouses import Asked

RECORDED = 300  # questions of each kind
SHARE = 10  # one of so many is asked in a run without Spark
# The seed of the questions of a kind that have recorded answers, and how many are asked in a run
# with Spark.
KINDS = {
    "generated": (3, 10_000),
    "functions": (0, 5_000),
    "types": (0, 3_000),
    "columns": (0, 3_000),
    "clauses": (0, 3_000),
}
# Where answers differ: for each kind of question patterns of SQL, by reason.
DIFFERENCES = yaml.safe_load((HERE / "generated.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def asked(warehouse: Any) -> Iterator[Asked]:
    """The warehouse, in a schema that has the tables of the questions."""
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create schema conformance_generated")
        cursor.execute("use schema conformance_generated")
        for name, query in TABLES.items():
            cursor.execute(f"create table {name} as {query}")
        yield Asked(cursor)
        cursor.execute("drop schema conformance_generated cascade")


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_is_that_of_spark_or_a_refusal(kind: str, asked: Asked, tmp_path: Path) -> None:
    seed = os.environ.get("CONFORMANCE_SEED", str(random.randrange(10**6)))  # noqa: S311
    make, (first, count) = MAKERS[kind], KINDS[kind]
    record = ANSWERS / f"{kind}_values.json"
    questions = list(dict.fromkeys(make(first, RECORDED)))
    if spark_is_there():
        more = make(int(seed) if seed.isdecimal() else first, count)
        asked_of_spark = list(dict.fromkeys([*questions, *more]))
        answers = ask(_questions(asked_of_spark), tmp_path)
        write_answers(record, {sql: answers[sql] for sql in questions})
        questions = asked_of_spark
    else:
        answers = json.loads(record.read_text("utf-8"))
        if seed != "all":
            chosen = random.Random(seed)  # noqa: S311
            questions = chosen.sample(questions, len(questions) // SHARE)
    kinds: Counter[str] = Counter()
    listed: Counter[str] = Counter()
    faults = []
    for sql in questions:
        found = asked.ask(sql)
        said = verdict(answers[sql], found, sql)
        kinds[said] += 1
        if said in (EQUAL, REFUSED, UNCOMPARED):
            continue
        if said == CONDITION and found["error"] != "INTERNAL_ERROR":  # a failure in both, and said
            listed[f"{found['error']} for {answers[sql]['error']}"] += 1
            continue
        if said in (FAILS, LENIENT):
            said = f"{said} {(found if said == FAILS else answers[sql])['error']}"
        reason = _reason(kind, said, sql, found)
        if reason is not None:
            listed[reason] += 1
        else:
            faults.append(f"{said}: {sql}\n  found  {found}\n  wanted {answers[sql]}")
    print(f"\n{kind}, CONFORMANCE_SEED={seed}: {dict(kinds)}\nby reason: {dict(listed)}")
    assert not faults, f"CONFORMANCE_SEED={seed}, {dict(kinds)}\n" + "\n".join(faults)


def test_recorded_examples_are_those_that_are_packaged() -> None:
    with (ANSWERS / "documentation.json").open("rb") as answers:
        assert documented() == list(json.load(answers))


def _reason(kind: str, said: str, sql: str, found: dict[str, Any]) -> str | None:
    """The listed reason for a difference, which names the condition of the error that one has."""
    texts = [f"{said}: {sql}", f"{said}: {found.get('message')}"]
    if found.get("rows") == []:
        texts.append(f"{said} of no rows: {sql}")
    for reason, patterns in DIFFERENCES[kind].items():
        if any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns for text in texts):
            return str(reason)
    return None


def _questions(asked: list[str]) -> list[dict[str, Any]]:
    # Tables, as of a workspace: of rows in the text Spark computes expressions that no one reads.
    tables = [
        {"name": f"table {name}", "sql": sql, "keep": f"default.{name}"}
        for name, sql in TABLES.items()
    ]
    return [
        *tables,
        *({"name": sql, "sql": sql, "ordered": is_ordered(sql)} for sql in asked),
    ]
