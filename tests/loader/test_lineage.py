"""OpenLineage events go where the environment says, and never stop a load."""

from __future__ import annotations

import json
from pathlib import Path

from landing_place import CUSTOMERS, Place


def test_events_of_a_run_are_written_to_a_file(place: Place, tmp_path: Path) -> None:
    events = tmp_path / "events.json"
    env = {
        "OPENLINEAGE__TRANSPORT__TYPE": "file",
        "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": str(events),
        "OPENLINEAGE__TRANSPORT__APPEND": "true",
    }
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.load("--dataset", "customers", "--dry-run", **env)
    assert not events.exists()
    place.load("--dataset", "customers", **env)
    start, end = [json.loads(line) for line in events.read_text().splitlines()]
    assert (start["eventType"], end["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == end["run"]["runId"]
    assert [(i["namespace"], i["name"]) for i in end["inputs"]] == [
        ("s3://landing", f"{place.prefix}/customer_infomation_1.csv")
    ]
    (table,) = end["outputs"]
    assert table["name"] == f"main.{place.schema}.customers"
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == 2


def test_a_place_for_events_that_is_not_there_is_a_warning(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    env = {
        "OPENLINEAGE__TRANSPORT__TYPE": "file",
        "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": "/no/such/folder/events.json",
        "OPENLINEAGE__TRANSPORT__APPEND": "true",
    }
    assert "Loaded 1 file" in place.load(**env).stdout
