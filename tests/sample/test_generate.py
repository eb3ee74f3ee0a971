"""`landing-sample generate`: the same bytes each time, and a truth that the files bear out."""

import csv
import gzip
import io
import json
import random
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from landing_sample.cli import main

NAMES = {
    "createtime": "sold_on",
    "id": "customer_id",
    "product": "product",
    "quan": "quantity",
    "shop": "shop",
    "platform": "platform",
    "customername": "customer_name",
    "gender": "gender",
    "age": "age",
}
DECLARED = {
    "customers": ["id", "customername", "gender", "age"],
    "sales": ["createtime", "id", "product", "quan", "shop", "platform"],
}


def generate(folder: Path, *options: str) -> dict:
    assert main(["--out", str(folder), *options]) == 0
    return json.loads((folder / "truth.json").read_text())


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "truth.json"
    }


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows as Python's own csv module sees them."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    return [name.strip().lower() for name in rows[0]], rows[1:]


def judged(dataset: str, header: list[str], row: list[str]) -> tuple[dict[str, str], set[str]]:
    """A row's values by column and the reasons against it, by rules written for this test."""
    values = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
    reasons = {"corrupt_line"} if len(row) != len(header) else set()
    for column in DECLARED[dataset]:
        value = values.setdefault(column, "")
        if value == "":
            reasons.add(f"missing_{NAMES[column]}")
        if "\n" in value and "," in value:  # no sound value of the sample has both
            reasons.add("unclosed_quote")
    if dataset == "customers":
        if values["age"] and not values["age"].isdecimal():
            reasons.add("invalid_age")
        elif values["age"] and int(values["age"]) not in range(131):
            reasons.add("implausible_age")
        return values, reasons
    if values["createtime"]:
        try:
            datetime.strptime(values["createtime"], "%Y-%m-%d")
        except ValueError:
            reasons.add("invalid_date")
    if values["quan"] and not values["quan"].isdecimal():
        reasons.add("invalid_quantity")
    elif values["quan"] and int(values["quan"]) == 0:
        reasons.add("implausible_quantity")
    if values["platform"] and values["platform"].lower() not in {"shopee", "lazada", "tiktok"}:
        reasons.add("unknown_platform")
    return values, reasons


def recount(folder: Path) -> dict:
    """The expected state, from nothing but the files in the folder."""
    state: dict = {
        "bronze": Counter(),
        "accepted": Counter(),
        "rejected": Counter(),
        "reasons": {"customers": Counter(), "sales": Counter()},
        "matched": 0,
        "unmatched": 0,
    }
    charts = ["orders_by_gender", "units_by_platform", "units_by_product", "units_by_month"]
    state |= {chart: Counter() for chart in charts}
    newest: dict[str, str] = {}
    for dataset, pattern in (("customers", "customer_infomation_*"), ("sales", "data_sales_*")):
        for path in sorted(folder.rglob(pattern)):
            header, rows = read(path)
            for row in rows:
                values, reasons = judged(dataset, header, row)
                state["bronze"][dataset] += 1
                state["rejected" if reasons else "accepted"][dataset] += 1
                state["reasons"][dataset].update(reasons)
                if reasons:
                    continue
                if dataset == "customers":
                    newest[values["id"]] = values["gender"].lower()
                elif values["id"] not in newest:
                    state["unmatched"] += 1
                else:
                    state["matched"] += 1
                    units = int(values["quan"])
                    product = values["product"].upper().replace("SUMSUNG", "SAMSUNG")
                    state["orders_by_gender"][newest[values["id"]]] += 1
                    state["units_by_platform"][values["platform"].lower()] += units
                    state["units_by_product"][product] += units
                    state["units_by_month"][values["createtime"][:7]] += units
    state["distinct_customers"] = len(newest)
    return state


@pytest.mark.parametrize("wave", ["1", "2"])
@pytest.mark.parametrize("seed", ["42", "7"])
def test_truth_equals_a_recount_of_the_files(tmp_path: Path, wave: str, seed: str) -> None:
    truth = generate(
        tmp_path, "--wave", wave, "--seed", seed, "--sales", "6000", "--customers", "600"
    )
    assert truth["after_wave"][wave] == recount(tmp_path)
    assert truth["wave"] == int(wave)


def test_truth_per_file_equals_a_recount(tmp_path: Path) -> None:
    truth = generate(tmp_path, "--wave", "2", "--sales", "3000", "--customers", "300")
    last = {file["key"]: file for file in truth["files"]}  # the later wave wins
    assert set(last) == set(contents(tmp_path))
    for key, file in last.items():
        header, rows = read(tmp_path / key)
        assert file["rows"] == len(rows), key
        assert file["corrupt_rows"] == sum(len(row) != len(header) for row in rows), key


def test_first_wave_has_as_many_sales_as_asked_for(tmp_path: Path) -> None:
    truth = generate(tmp_path, "--sales", "1234", "--customers", "77")
    assert truth["after_wave"]["1"]["bronze"]["sales"] == 1234


def test_same_seed_gives_the_same_bytes_whenever_it_is_written(tmp_path: Path) -> None:
    random.seed(1)
    generate(tmp_path / "one", "--sales", "2000", "--customers", "200")
    random.seed(2)
    generate(tmp_path / "two", "--sales", "2000", "--customers", "200")
    generate(tmp_path / "other", "--sales", "2000", "--customers", "200", "--seed", "8")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert contents(tmp_path / "one") != contents(tmp_path / "other")


def test_second_wave_changes_two_files_adds_two_and_leaves_the_others(tmp_path: Path) -> None:
    generate(tmp_path / "one")
    generate(tmp_path / "two", "--wave", "2")
    first, second = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert sorted(second.keys() - first.keys()) == [
        "crm/2026/customer_infomation_04.csv",
        "shop/2026-07/data_sales_2026_07.csv",
    ]
    assert sorted(key for key in first if first[key] != second[key]) == [
        "crm/2026/customer_infomation_03.csv",
        "shop/2026-05/data_sales_2026_05.csv",
    ]


def test_sample_is_as_dirty_as_promised(tmp_path: Path) -> None:
    truth = generate(tmp_path, "--wave", "2")
    files = contents(tmp_path)
    sales = {key: raw for key, raw in files.items() if "data_sales" in key}
    assert any(raw.startswith(b"\xef\xbb\xbf") for raw in sales.values())
    assert any(key.endswith(".csv.gz") for key in sales)
    assert any(b"\r\n" in raw for raw in files.values())
    assert any(b"\n\n" in raw for raw in sales.values()), "no empty line"
    assert any(b'""' in raw for raw in sales.values()), "no doubled quote"
    assert any(b"SUMSUNG" in raw for raw in sales.values())
    headers = {tuple(read(tmp_path / key)[0]) for key in sales}
    assert len(headers) == 4, "three column orders and an added column"
    rows = [row for key in sales for row in map(tuple, read(tmp_path / key)[1])]
    assert any("\n" in cell and "," not in cell for row in rows for cell in row)
    assert max(Counter(rows).values()) >= 2, "no two equal sales"

    reasons = truth["after_wave"]["2"]["reasons"]
    for dataset, rules in {
        "customers": {"invalid_age", "implausible_age"},
        "sales": {"invalid_date", "invalid_quantity", "implausible_quantity", "unknown_platform"},
    }.items():
        missing = {f"missing_{NAMES[column]}" for column in DECLARED[dataset]}
        assert set(reasons[dataset]) == {"corrupt_line", "unclosed_quote", *missing, *rules}
    assert truth["after_wave"]["1"]["unmatched"] > truth["after_wave"]["2"]["unmatched"] > 0


def test_no_customer_has_two_versions_within_a_wave(tmp_path: Path) -> None:
    """Otherwise the newest record would depend on the clock, or be undefined."""
    generate(tmp_path / "one")
    generate(tmp_path / "two", "--wave", "2")
    first, second = contents(tmp_path / "one"), contents(tmp_path / "two")
    new = [key for key, raw in second.items() if first.get(key) != raw]
    for folder, keys in ((tmp_path / "one", list(first)), (tmp_path / "two", new)):
        versions: dict[str, set[tuple[str, ...]]] = {}
        for key in (key for key in keys if key.startswith("crm/")):
            header, rows = read(folder / key)
            for row in rows:
                values, reasons = judged("customers", header, row)
                if not reasons:
                    attributes = tuple(
                        # a line break in a name becomes a blank in the file with CRLF
                        values[name].lower().replace("\n", " ")
                        for name in DECLARED["customers"]
                    )
                    versions.setdefault(values["id"], set()).add(attributes)
        assert not [found for found in versions.values() if len(found) > 1]


def test_tiny_sample_works(tmp_path: Path) -> None:
    truth = generate(tmp_path, "--wave", "2", "--sales", "1", "--customers", "1")
    assert truth["after_wave"]["1"]["bronze"]["sales"] == 1


@pytest.mark.parametrize("options", [["--sales", "0"], ["--sales", "many"], ["--wave", "3"]])
def test_wrong_options_are_refused(options: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--out", str(tmp_path), *options])
    assert ended.value.code == 2
