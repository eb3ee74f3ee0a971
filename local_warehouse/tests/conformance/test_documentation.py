"""Every example in Spark's documentation of its functions: the warehouse answers what Spark
answers, or says by name that it does not support it.

A tenth of the examples is asked, chosen by a seed that a failure prints; run.py asks all of them,
and so does the seed `all` in CONFORMANCE_SEED.
"""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from reference import ANSWERS, HERE, Answers, recorded_examples, spark_is_there

from local_warehouse.comparison.answers import answer

SHARE = 10  # one example in so many
REFUSED = ("UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE", "UNRESOLVABLE_TABLE_VALUED_FUNCTION")
DIFFERENCES = {
    sql: reason
    for reason, examples in yaml.safe_load((HERE / "documentation.yml").read_text("utf-8")).items()
    for sql in examples
}
# Functions whose value is another one each time, in another order, or on another day: only its type
# counts.
_VARYING = re.compile(
    r"\b((collect_set|rand|randn|random|shuffle|uuid)\(|cur(rent_)?date\b)", re.IGNORECASE
)
# Of these the columns have other names: the parser keeps no spelling of a synonym, Spark shows what
# it has put in place of a function, or the name tells nothing of the expression.
_NAMED_OTHERWISE = re.compile(
    r"\b(approx_percentile|array_(append|prepend|sort)|assert_true|chr|convert_timezone"
    r"|current_database|date_?part|extract|like|make_(dt_)?interval|mode|position|positive|string_agg"
    r"|substr|to_(var)?char|try_make_timestamp|zip_with)\(|\bESCAPE\b|2 > 1\.1",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Spark's answers by the examples' SQL; one that varies has types only."""
    folder: Path = tmp_path_factory.mktemp("documentation")
    return recorded_examples(ANSWERS / "documentation.json", folder)


def test_documented_examples_are_answered_as_by_spark(warehouse: Any, spark: Answers) -> None:
    seed = os.environ.get("CONFORMANCE_SEED", str(random.randrange(10**6)))  # noqa: S311
    asked = sorted(spark)
    if seed != "all" and not spark_is_there():
        asked = random.Random(seed).sample(asked, len(asked) // SHARE)  # noqa: S311
    faults = []
    with warehouse.connect() as connection, connection.cursor() as cursor:
        for sql in asked:
            varies = "rows" not in spark[sql] or _VARYING.search(sql) is not None
            wanted, found = _compared(sql, spark[sql], varies), _answer(cursor, sql)
            is_right = found.get("error") in REFUSED or _compared(sql, found, varies) == wanted
            if is_right and sql in DIFFERENCES:
                faults.append(f"{sql}\n  no difference any more: {DIFFERENCES[sql]}")
            elif not is_right and sql not in DIFFERENCES:
                faults.append(f"{sql}\n  found  {found}\n  wanted {wanted}")
    assert not faults, f"CONFORMANCE_SEED={seed}\n" + "\n".join(faults)


def test_a_listed_difference_is_of_an_example(spark: Answers) -> None:
    assert not set(DIFFERENCES) - set(spark)


def _compared(sql: str, found: dict[str, Any], varies: bool) -> dict[str, Any]:
    """What counts of an answer: its condition, or its columns and its rows in any order."""
    if "error" in found:
        return {"error": found["error"]}
    is_named = _NAMED_OTHERWISE.search(sql) is None
    columns = [(name if is_named else "", data_type) for name, data_type in found["columns"]]
    rows = [] if varies else sorted(found["rows"], key=json.dumps)
    return {"columns": columns, "rows": rows}


def _answer(cursor: Any, sql: str) -> dict[str, Any]:
    from databricks.sql.exc import ServerOperationError
    from pyarrow import ArrowInvalid

    try:
        cursor.execute(sql)
        return answer(cursor.fetchall_arrow(), ordered=True)
    except ServerOperationError as error:
        return {"error": str(error).removeprefix("[").partition("]")[0]}
    except ArrowInvalid as error:
        return {"error": str(error)}
