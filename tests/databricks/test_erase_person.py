"""`erase-person`: a person is gone from files and layers, and everybody else is as before."""

from __future__ import annotations

import bz2
import csv
import gzip
import io

import pytest
import zstandard

from bronze_loader.sniffing.header import Header
from erase_person.records import without_person
from lakehouse import BIN, Lakehouse

HEAD = "id,customername,gender,age\n"
NAMES = ("id", "customername", "gender", "age")


@pytest.mark.parametrize(
    ("content", "header", "left"),
    [
        pytest.param("1,A\n2,B\n1,C\n", {}, "2,B\n", id="plain"),
        pytest.param("1,A\r\n2,B\r\n", {"line_end": "\r\n"}, "2,B\r\n", id="crlf"),
        pytest.param("1,A\r2,B\r", {"line_end": "\r"}, "2,B\r", id="cr"),
        pytest.param('2,"x\n1,y"\n1,"z\n2,w"\n', {}, '2,"x\n1,y"\n', id="line breaks in values"),
        pytest.param(' 1\u00a0,A\n11,B\n"1",C\n', {}, "11,B\n", id="blanks and quotes"),
        pytest.param("2,B\n\n1,A", {}, "2,B\n\n", id="blank lines, no final line end"),
        pytest.param("1\n1,A,x,y,z\n3\n", {}, "3\n", id="short and long lines"),
        pytest.param("2;B\n1;A\n", {"delimiter": ";"}, "2;B\n", id="semicolons"),
        pytest.param("2,'B,1'\n1,'A'\n", {"quote": "'", "escape": "'"}, "2,'B,1'\n", id="quote"),
        pytest.param('2,"B\\"\n1,"\n', {"escape": "\\"}, '2,"B\\"\n1,"\n', id="escape"),
    ],
)
@pytest.mark.parametrize(
    ("suffix", "packed", "unpacked"),
    [
        ("", bytes, bytes),
        (".gz", gzip.compress, gzip.decompress),
        (".bz2", bz2.compress, bz2.decompress),
        (".zst", zstandard.compress, lambda b: zstandard.ZstdDecompressor().stream_reader(
            io.BytesIO(b)).read()),
    ],
)  # fmt: skip
def test_lines_of_others_stay_to_the_byte(
    content: str, header: dict, left: str, suffix: str, packed: object, unpacked: object
) -> None:
    end = header.get("line_end", "\n")
    first = HEAD.replace("\n", end).replace(",", header.get("delimiter", ","))
    before = f"\ufeff# note{end}{first}{content}".encode()
    rest, lines = without_person(
        packed(before), f"a.csv{suffix}", Header(NAMES, skip_rows=1, **header), True, "id", "1"
    )  # type: ignore[operator]
    assert unpacked(rest).decode() == f"\ufeff# note{end}{first}{left}"  # type: ignore[operator]
    assert (lines > 0) == (left != content)


def test_bytes_that_are_no_text_stay_and_lines_are_records_where_declared() -> None:
    before = HEAD.encode() + b'2,"\xff\x80\n1,A\n'
    header = Header(NAMES)
    assert without_person(before, "a.csv", header, False, "id", "1")[0] == before[:-4]
    assert without_person(before, "a.csv", header, True, "id", "1") == (before, 0)
    with pytest.raises((csv.Error, OSError)):
        without_person(b"no gzip", "a.csv.gz", header, True, "id", "1")


def test_person_is_gone_from_files_and_layers_and_others_are_as_before(
    new_lakehouse: object,
) -> None:
    lakehouse: Lakehouse = new_lakehouse("erasing")  # type: ignore[operator]
    lakehouse.up()
    files = {
        "crm/customer_infomation_1.csv": f"{HEAD}7,Eve,female,30\n8,Bob,male,41\n".encode(),
        "crm/customer_infomation_2.csv.gz": gzip.compress(
            f'{HEAD} 7 ,"Eve\nAdams",female,31\n9,Cid,male,9\n'.encode()
        ),
        "crm/customer_infomation_3.csv": f"{HEAD}8,Bob,male,42\n7,Eve,female,old\n".encode(),
        "shop/data_sales_1.csv": b"createtime,id,product,quan,shop,platform\n"
        b"2026-08-01,7,APPLE,2,Main,shopee\n2026-08-01,8,OPPO,1,Main,shopee\n",
    }
    for key, content in files.items():
        lakehouse.s3.put_object(Bucket="landing", Key=key, Body=content)
    lakehouse.run("load-bronze")
    lakehouse.run("dbt", "build", "--exclude-resource-type", "unit_test", "test")
    command = str(BIN / "erase-person")

    planned = lakehouse.run(command, "7", "--dry-run", check=False)
    assert planned.returncode == 1
    assert planned.stdout.count(": 1 lines") == 3
    for table in ("bronze.customers: 3", "silver.checked_customers: 3", "silver.customers: 1",
                  "silver.rejected_customers: 1", "gold.all_sales: 1"):  # fmt: skip
        assert f"  {table} rows" in planned.stdout

    logged = lakehouse.sql("select count(*) as n from bronze.load_log")[0]["n"]
    erased = lakehouse.run(command, "7")
    assert "3 files are replaced" in erased.stdout
    assert "No table holds personal data of '7'" in erased.stdout
    kept = "select customer_id, age from silver.customers order by 1"
    assert [tuple(row.values()) for row in lakehouse.sql(kept)] == [("8", 42), ("9", 9)]
    assert lakehouse.sql("select customer_id from gold.unmatched_sales") == [{"customer_id": "7"}]
    assert lakehouse.sql("select count(*) as n from bronze.load_log")[0]["n"] == logged + 3
    for key, content in files.items():
        now = lakehouse.s3.get_object(Bucket="landing", Key=key)["Body"].read()
        now, content = (gzip.decompress(c) if key.endswith("gz") else c for c in (now, content))
        assert (b"Eve" in content) == (now != content)
        assert b"Eve" not in now
    assert lakehouse.run("load-bronze", "--verify").returncode == 0

    only = lakehouse.run(
        command, "8", "--files-only"
    )  # the job loads, builds and is asked to prove
    assert "2 files are replaced" in only.stdout and "run the job" in only.stdout
    assert [row["customer_id"] for row in lakehouse.sql(kept)] == ["8", "9"]
    lakehouse.run("load-bronze")
    assert lakehouse.sql("select count(*) as n from bronze.customers where id = '8'") == [{"n": 0}]
    lakehouse.down()


def test_wrong_use_is_explained(lakehouse: Lakehouse) -> None:
    refused = lakehouse.run(str(BIN / "erase-person"), " ", check=False)
    assert (refused.returncode, refused.stderr) == (2, "erase-person: the id is blank\n")
    # A workspace is named, and not its landing: the local services are not what is meant.
    for command, setting in (("erase-person", "LANDING_URL"), ("prove-workspace", "LAKEHOUSE_URL")):
        person = ["1"] if command == "erase-person" else []
        half = lakehouse.run(str(BIN / command), *person, check=False, **{setting: ""})
        assert half.returncode == 2 and setting in half.stderr, half.stderr
        assert "on a laptop none of the variables" in half.stderr
