"""The proof: each assumption with what asks about it, in the order in which they are asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bronze_loader.errors import LoaderError
from workspace_proof import sample
from workspace_proof.findings import Finding
from workspace_proof.ground import Ended, Ground

NOT_REACHED = "not reached, as a row above did not hold"
Answer = tuple[bool | None, str]  # whether it held, and what was seen


@dataclass(frozen=True)
class Check:
    """An assumption, as docs/verified.md words it, and what asks about it.

    `after` has the assumptions without which this one cannot be asked about.
    """

    assumption: str
    ask: Callable[[Ground], Answer]
    after: tuple[str, ...] = ()


def prove(ground: Ground) -> Iterator[Finding]:
    """Ask about one assumption after another; each finding comes as soon as it is known."""
    held: set[str] = set()
    for check in CHECKS:
        if not held.issuperset(check.after):
            yield Finding(check.assumption, None, NOT_REACHED)
            continue
        try:
            answer, seen = check.ask(ground)
        except (LoaderError, BotoCoreError, ClientError, OSError) as error:
            answer, seen = False, str(error)
        if answer:
            held.add(check.assumption)
        yield Finding(check.assumption, answer, seen)


def prove_removal(ground: Ground) -> Finding:
    """Remove the schemas and the prefix, also when nothing of them was made yet.

    Raises LoaderError, or an error of botocore, when the workspace or the bucket refuses.
    """
    before = ground.tables_files()
    ground.drop_schemas()
    kept = ground.tables_files()
    ground.delete_objects()
    left = ground.left()
    seen = f"{before} files of tables before, {kept} behind it"
    if left:
        seen += f"; left: {', '.join(left[:3])}"
    return Finding(REMOVAL, kept == before and not left if before else None, seen)


def _load(ground: Ground) -> Answer:
    ground.put(sample.FIRST)
    ended = ground.load("--json")
    if ended.code:
        return False, ended.last_words
    loaded = ended.files_loaded
    return loaded == len(sample.FIRST), f"{loaded} of {len(sample.FIRST)} files loaded"


def _values(ground: Ground) -> Answer:
    return _compare_customers(ground, sample.VALUES)


def _glob(ground: Ground) -> Answer:
    return _compare_customers(ground, sample.GLOBBED)


def _compare_customers(ground: Ground, expected: dict[str, list[sample.Row]]) -> Answer:
    rows = ground.sql(
        "SELECT _source_file, id, customername, gender, age FROM {bronze}.customers "
        "ORDER BY _source_file, id"
    )
    for key, lines in expected.items():
        found = [tuple(r.values())[1:] for r in rows if r["_source_file"] == ground.url(key)]
        if found != lines:
            return False, f"{key}: {found}, not {lines}"
    return True, f"{sum(map(len, expected.values()))} lines of {len(expected)} files"


def _malformed(ground: Ground) -> Answer:
    rows = ground.sql("SELECT _source_file, _corrupt_record FROM {bronze}.customers")
    found = [tuple(row.values()) for row in rows if row["_corrupt_record"] is not None]
    wanted = [(ground.url(sample.MALFORMED_KEY), sample.SHORT_LINE)]
    return found == wanted, f"{[text for _, text in found]}"


def _options(ground: Ground) -> Answer:
    ground.put(sample.ODD)
    rows = ground.sql(
        f"SELECT id, name FROM read_files('{ground.url(sample.LINES_KEY)}', format => 'csv', "  # noqa: S608
        "schema => 'id STRING, name STRING', header => true, multiLine => true, skipRows => '2', "
        "ignoreLeadingWhiteSpace => true, lineSep => '\\n') ORDER BY id"
    )
    found = [(row["id"], row["name"]) for row in rows]
    padded = f"SELECT count(*) FROM read_files('{ground.url(sample.PADDED_KEY)}', format => 'csv')"  # noqa: S608
    refusal = ground.refusal(padded)
    return found == sample.LINES and bool(refusal), f"{found}; {refusal[:60] or 'no error'}"


def _moments(ground: Ground) -> Answer:
    rows = ground.sql(
        "SELECT DISTINCT _source_file, unix_micros(_source_modified_at) AS moment "
        "FROM {bronze}.customers ORDER BY _source_file"
    )
    zone = ground.sql("SELECT current_timezone() AS zone")[0]["zone"]
    stored = ground.moments()
    # S3 lists whole seconds, some stores parts of them.
    different = [
        r for r in rows if r["moment"] // 1_000_000 != stored[r["_source_file"]] // 1_000_000
    ]
    return bool(
        rows
    ) and not different, f"{len(different)} of {len(rows)} differ, in time zone {zone}"


def _casts(ground: Ground) -> Answer:
    refusal = ground.refusal("SELECT CAST('x' AS INT)")
    tried = ground.sql("SELECT TRY_CAST('x' AS INT) AS n")[0]["n"]
    held = "CAST_INVALID_INPUT" in refusal and tried is None
    return held, f"{refusal[:60] or 'no error'}; {'NULL' if tried is None else tried}"


def _change(ground: Ground) -> Answer:
    before = _newest_version(ground)
    ground.put(sample.SECOND)
    ended = ground.load("--json")
    if ended.code:
        return False, ended.last_words
    rows = ground.sql("SELECT product FROM {bronze}.sales ORDER BY product")
    products = [row["product"] for row in rows]
    commits = _newest_version(ground) - before
    held = products == sample.CHANGED_PRODUCTS and commits == 1
    return held, f"{', '.join(products)} in {commits} commit{'' if commits == 1 else 's'}"


def _newest_version(ground: Ground) -> int:
    history = ground.sql("DESCRIBE HISTORY {bronze}.sales")
    return max(int(row["version"]) for row in history)


def _columns(ground: Ground) -> Answer:
    rows = ground.sql(
        f"SELECT _source_file, {sample.NEW_COLUMN} AS value FROM {{bronze}}.customers "  # noqa: S608
        f"WHERE {sample.NEW_COLUMN} IS NOT NULL"
    )
    found = [tuple(row.values()) for row in rows]
    wanted = [(ground.url(sample.WIDER_KEY), "gold")]
    return found == wanted, f"{[value for _, value in found]}"


def _build(ground: Ground) -> Answer:
    ended = ground.build()
    return _built(ended) if ended.code else _compare_gold(ground, sample.GOLD_FIRST, ended)


def _tags(ground: Ground) -> Answer:
    """Compare the columns that are tagged with those that are named as personal data is, in each
    table that names a person; sums by gender name nobody."""
    rows = ground.sql(
        "SELECT c.table_schema, c.table_name, c.column_name, t.tag_value "
        "FROM {catalog}.information_schema.columns AS c "
        "LEFT JOIN {catalog}.information_schema.column_tags AS t "
        "ON c.table_schema = t.schema_name AND c.table_name = t.table_name "
        "AND c.column_name = t.column_name AND t.tag_name = 'personal_data' "
        "WHERE c.table_schema IN ({schemas}) ORDER BY 1, 2, 3"
    )
    naming = {
        (row["table_schema"], row["table_name"])
        for row in rows
        if row["column_name"].endswith(("customername", "customer_name"))
    }
    personal = [
        row
        for row in rows
        if (row["table_schema"], row["table_name"]) in naming
        and row["column_name"].removeprefix("raw_") in sample.PERSONAL
    ]
    bare = [f"{row['table_name']}.{row['column_name']}" for row in personal if not row["tag_value"]]
    layers = len({schema for schema, _ in naming})
    seen = f"{len(personal) - len(bare)} columns of {len(naming)} tables in {layers} layers"
    return layers == 3 and not bare, f"{seen}; not {', '.join(bare)}" if bare else seen


def _masks(ground: Ground) -> Answer:
    """Mask a column from everybody, change its table in both ways, and show it again."""
    for statement in (
        "CREATE FUNCTION {bronze}.shown_value(value STRING) RETURNS STRING "
        "RETURN CASE WHEN is_account_group_member('no group has this name') THEN value END",
        "CREATE TABLE {bronze}.masked (id INT, name STRING)",
        "ALTER TABLE {bronze}.masked ALTER COLUMN name SET MASK {bronze}.shown_value",
        "CREATE VIEW {bronze}.through_view AS SELECT id, name FROM {bronze}.masked",
        "INSERT INTO {bronze}.masked VALUES (1, 'Ann'), (2, 'Ben')",
        "INSERT INTO {bronze}.masked REPLACE WHERE id = 1 SELECT 1, 'Eve'",
        "MERGE INTO {bronze}.masked AS old USING (SELECT 2 AS id, 'Bob' AS name) AS new "
        "ON old.id = new.id WHEN MATCHED THEN UPDATE SET name = new.name",
    ):
        ground.sql(statement)
    masked = ground.sql("SELECT name FROM {bronze}.through_view ORDER BY id")
    ground.sql("ALTER TABLE {bronze}.masked ALTER COLUMN name DROP MASK")
    shown = ground.sql("SELECT name FROM {bronze}.masked ORDER BY id")
    seen = [[str(row["name"] or "NULL") for row in rows] for rows in (masked, shown)]
    held = seen == [["NULL", "NULL"], ["Eve", "Bob"]]
    return held, "{} masked; {} without the mask".format(*map(", ".join, seen))


def _rebuild(ground: Ground) -> Answer:
    ended = ground.build("--exclude-resource-type", "seed")
    return _built(ended) if ended.code else _compare_gold(ground, sample.GOLD_AT_LAST, ended)


def _built(ended: Ended) -> Answer:
    counts = re.findall(r"PASS=\d+ WARN=\d+ ERROR=\d+ SKIP=\d+", ended.printed)
    return ended.code == 0, counts[-1] if counts else ended.last_words


def _compare_gold(ground: Ground, expected: list[tuple[Any, ...]], ended: Ended) -> Answer:
    rows = ground.sql(
        "SELECT product, sum(quantity) AS units, count(*) AS sale_lines "
        "FROM {gold}.sales_of_customer GROUP BY product ORDER BY product"
    )
    found = [(row["product"], int(row["units"]), row["sale_lines"]) for row in rows]
    lines = ", ".join(f"{units} {product}" for product, units, _ in found)
    return found == expected, f"{lines or 'no sale'} in gold; {_built(ended)[1]}"


def _resume(ground: Ground) -> Answer:
    ground.put(sample.THIRD)
    counted = "SELECT count(*) AS n FROM {bronze}.sales WHERE _source_file LIKE '%/killed/%'"
    code = ground.kill_load(counted, "--max-statement-files", "1")
    if code != -9:
        return None, f"the loader ended with {code} before it was killed"
    done = ground.sql(counted)[0]["n"]
    ended = ground.load("--json", "--wait", "600")
    if ended.code:
        return False, ended.last_words
    rows = ground.sql(
        "SELECT _source_file, count(*) AS n FROM {bronze}.sales GROUP BY _source_file"
    )
    total = sum(row["n"] for row in rows)
    once = len(rows) == total == sample.SALES_AT_LAST
    killed = f"killed after {done} of {sample.KILLED_FILES} files"
    return once, f"{killed}; then {total} rows of {len(rows)} files"


def _nothing_new(ground: Ground) -> Answer:
    before = _newest_version(ground)
    ended = ground.load("--json")
    commits = _newest_version(ground) - before
    held = ended.code == 0 and commits == 0 and ended.files_loaded == 0
    return held, f"{ended.files_loaded} files loaded, {commits} commits"


def _comparison(ground: Ground) -> Answer:
    ended = ground.compare()
    if ended is None:
        return None, "this version has no `local-warehouse compare`"
    return ended.code == 0, ended.last_words


LOAD = "the loader may make its schema, and external tables at their places in S3"
CHANGE = "`INSERT … REPLACE WHERE` exchanges the rows of a changed file in one commit"
BUILD = "dbt builds the whole project, and all its tests pass"
RESUME = "the next run takes up a killed loader's work, and every row is there once"
REMOVAL = "dropping an external table leaves its files in S3"
CHECKS = (
    Check(LOAD, _load),
    Check(
        "`read_files` gives every value as it is in the file: quoted, after a byte order mark, "
        "with line breaks, empty as NULL, from gzip, bzip2 and zstandard",
        _values, (LOAD,),
    ),
    Check("a line with too few values keeps its text in `_corrupt_record`", _malformed, (LOAD,)),
    Check(
        "a backslash before a wildcard makes `read_files` take the key as it is, and no other file",
        _glob, (LOAD,),
    ),
    Check(
        "`skipRows`, `ignoreLeadingWhiteSpace` and `lineSep` of `read_files` are those of Spark's "
        "CSV reader; gzip with zero bytes behind its end fails",
        _options, (LOAD,),
    ),
    Check("moments are those of S3, whatever the warehouse's time zone is", _moments, (LOAD,)),
    Check("a cast of what is no number fails, and `try_cast` gives NULL", _casts),
    Check(CHANGE, _change, (LOAD,)),
    Check("a new column is there at once, NULL in the rows of other files", _columns, (CHANGE,)),
    Check(BUILD, _build, (CHANGE,)),
    Check("column tags mark personal data in every layer", _tags, (BUILD,)),
    Check(
        "a mask hides a column from who is not in its group, through a view too, and a table that "
        "has one takes `INSERT … REPLACE WHERE` and `MERGE`",
        _masks, (LOAD,),
    ),
    Check(RESUME, _resume, (CHANGE,)),
    Check(
        "a second build brings to gold what has changed, and nothing twice",
        _rebuild, (BUILD, RESUME),
    ),
    Check("a run with nothing new writes nothing", _nothing_new, (RESUME,)),
    Check("a workspace answers as its documentation and Apache Spark 4.0.1 do", _comparison),
)  # fmt: skip
