"""Files that are refused: what is said of them, what is logged, and how they load later."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

from landing_place import CUSTOMERS, SALES, Place

from bronze_loader.warehouse.connection import SqlWarehouse


def test_a_file_without_a_required_column_is_refused_and_the_others_load(place: Place) -> None:
    bad = place.put("data_sales_bad.csv", b"createtime,id,product,quan,shop\n2024-01-01,1,TV,2,s\n")
    place.put("data_sales_good.csv", SALES)
    printed = place.load(exit_code=3).stdout
    assert f"refused: sales: {bad}: required column missing: platform" in printed
    assert place.rows("sales", "shop") == [("Hanoi",)]
    refused = [entry for entry in place.log() if entry["status"] == "refused"]
    assert [(e["source_file"], e["row_count"]) for e in refused] == [(bad, 0)]
    assert "required column missing: platform" in refused[0]["reason"]


def test_a_refused_file_is_reported_until_it_is_mended_but_logged_once(place: Place) -> None:
    bad = place.put("data_sales_1.csv", b"id\n1\n")
    place.load(exit_code=3)
    assert f"still refused: sales: {bad}" in place.load(exit_code=3).stdout
    assert len(place.log()) == 1
    place.put("data_sales_1.csv", SALES)
    place.load()
    assert [entry["status"] for entry in place.log()] == ["refused", "loaded"]
    assert place.rows("sales", "shop") == [("Hanoi",)]


def test_a_refused_file_loads_once_the_declaration_allows_it(place: Place, tmp_path: Path) -> None:
    place.put("data_sales_1.csv", "createtime,id,größe\n2024-01-01,1,ä\n".encode("cp1252"))
    place.put("data_sales_2.csv", "createtime,Kunde,größe\n2024-01-01,2,ö\n".encode("cp1252"))
    sources = tmp_path / "sources.yml"

    def declare(options: str, aliases: str) -> None:
        sources.write_text(
            "sources: [{name: bronze, tables: [{name: sales, external: {location: '**/data_*', "
            f"options: {{{options}}}}}, "
            f"columns: [{{name: id, meta: {{required: true, {aliases}}}}}]}}]}}]"
        )

    declare("", "")
    assert "not UTF-8" in place.load("--sources", str(sources), exit_code=3).stdout
    declare("encoding: windows-1252", "")
    still = place.load("--sources", str(sources), exit_code=3).stdout
    assert "data_sales_2.csv: required column missing: id" in still
    declare("encoding: windows-1252", "aliases: [kunde]")
    place.load("--sources", str(sources))
    assert sorted(place.rows("sales", "id, `größe`")) == [("1", "ä"), ("2", "ö")]


def test_a_loaded_file_that_is_replaced_by_a_bad_one_keeps_its_rows(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.load()
    place.put("customer_infomation_1.csv", b"")
    assert "the file is empty" in place.load(exit_code=3).stdout
    assert len(place.rows("customers", "id")) == 2


def test_a_file_that_the_warehouse_does_not_find_is_told_with_what_to_look_at(place: Place) -> None:
    run = SqlWarehouse.run

    def run_without_the_file(warehouse: SqlWarehouse, statement: str) -> list[dict[str, Any]]:
        if "read_files" in statement:
            place.delete("data_sales_1.csv")
        return run(warehouse, statement)

    url = place.put("data_sales_1.csv", SALES)
    with mock.patch.object(SqlWarehouse, "run", run_without_the_file):
        printed = place.load(exit_code=1).stdout
    assert f"failed: sales: {url}: " in printed
    assert "[PATH_NOT_FOUND]" in printed
    assert "see whether the warehouse reads the same store" in printed
    assert place.log() == []
