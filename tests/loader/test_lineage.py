"""OpenLineage events go where the environment says, and never stop a load."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from landing_place import CUSTOMERS, Place

URI = {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*://[^ ]+$"}
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
TAG = ("key", "value", "source")
TEXT, COUNT = {"type": "string", "minLength": 1}, {"type": "integer", "minimum": 0}


def item(**properties: dict[str, Any]) -> dict[str, Any]:
    """An object that has all these properties; those with `optional` it may have."""
    required = [name for name, each in properties.items() if not each.pop("optional", False)]
    return {"type": "object", "required": required, "properties": properties}


def facets(**known: dict[str, Any]) -> dict[str, Any]:
    """Facets: each with its producer and the address of its schema, those known with their own."""
    every = item(_producer=dict(URI), _schemaURL=dict(URI))
    return {
        "type": "object",
        "optional": True,
        "additionalProperties": every,
        "properties": {name: {"allOf": [dict(every), each]} for name, each in known.items()},
    }


def datasets(**more: dict[str, Any]) -> dict[str, Any]:
    one = item(namespace=dict(TEXT), name=dict(TEXT), facets=facets(), **more)
    return {"type": "array", "items": one, "optional": True}


# An event as the specification has it, with the facets that we send. The schema itself is in no
# package that can be installed, so these are its rules, read from it, and as strict or stricter.
# A client that sends another version of one fails the test, and its rules are to be read again.
SPECIFICATION = "https://openlineage.io/spec"


def facet(version: str, name: str, **properties: dict[str, Any]) -> dict[str, Any]:
    """A facet of this version of the specification."""
    schema = {"const": f"{SPECIFICATION}/facets/{version}/{name}.json#/$defs/{name}"}
    return item(_schemaURL=schema, **properties)


TAGS = {"type": "array", "items": item(**{key: dict(TEXT) for key in TAG})}
EVENT = item(
    eventTime={"type": "string", "pattern": TIME},
    producer=dict(URI),
    schemaURL={"const": f"{SPECIFICATION}/2-0-2/OpenLineage.json#/$defs/RunEvent"},
    eventType={"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
    run=item(
        runId={"type": "string", "pattern": UUID},
        facets=facets(
            errorMessage=facet(
                "1-0-1", "ErrorMessageRunFacet", message=dict(TEXT), programmingLanguage=dict(TEXT)
            ),
            tags=facet("1-0-0", "TagsRunFacet", tags=TAGS),
        ),
    ),
    job=item(namespace=dict(TEXT), name=dict(TEXT), facets=facets()),
    inputs=datasets(inputFacets=facets()),
    outputs=datasets(
        outputFacets=facets(
            outputStatistics=facet(
                "1-0-2",
                "OutputStatisticsOutputDatasetFacet",
                rowCount=dict(COUNT),
                size=dict(COUNT),
                fileCount=dict(COUNT),
            )
        )
    ),
)
SPECIFIED = Draft202012Validator(EVENT)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a document."""
    if path:
        yield path
    pairs: Any = value.items() if isinstance(value, dict) else ()
    for key, inner in enumerate(value) if isinstance(value, list) else pairs:
        yield from places(inner, (*path, key))


def spoilt(event: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """A copy of the event that has something else at the path."""
    copied = json.loads(json.dumps(event))
    inner = copied
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = -0.5
    return copied


def test_events_are_as_the_specification_has_them(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    with endpoint(201) as (url, received):
        place.load(OPENLINEAGE_URL=url)
        place.put("customer_infomation_2.csv", CUSTOMERS.replace(b"Ann", b"Eve"))
        place.sql("alter table bronze.customers add constraint c check (customername <> 'Eve')")
        place.load(exit_code=1, OPENLINEAGE_URL=url)
    events = [event for _, event in received]
    assert {event["eventType"] for event in events} == {"START", "COMPLETE", "FAIL"}
    for event in events:
        SPECIFIED.validate(event)
        for path in places(event):  # everything in it is specified, so nothing else can stand there
            with pytest.raises(ValidationError):
                SPECIFIED.validate(spoilt(event, path))


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


@contextmanager
def endpoint(status: int) -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """The URL of one that answers with that status, and the (path, event) that it was sent."""
    received: list[tuple[str, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, json.loads(body)))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def test_events_of_a_run_are_sent_to_an_endpoint(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.put("customer_infomation_2.csv", b"")
    with endpoint(201) as (url, received):
        place.load("--dataset", "customers", exit_code=3, OPENLINEAGE_URL=url)
    assert [path for path, _ in received] == ["/api/v1/lineage"] * 2
    assert [event["eventType"] for _, event in received] == ["START", "COMPLETE"]
    assert len(received[1][1]["inputs"]) == 1


def test_an_endpoint_that_refuses_events_does_not_stop_a_load_and_is_asked_once(
    place: Place,
) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    with endpoint(400) as (url, received):
        assert "Loaded 1 file, 2 rows" in place.load(OPENLINEAGE_URL=url).stdout
    assert len(received) == 1


def test_a_kind_of_transport_that_does_not_exist_is_a_warning(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    assert "Loaded 1 file" in place.load(OPENLINEAGE__TRANSPORT__TYPE="no such").stdout


def test_a_place_for_events_that_is_not_there_is_a_warning(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    env = {
        "OPENLINEAGE__TRANSPORT__TYPE": "file",
        "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": "/no/such/folder/events.json",
        "OPENLINEAGE__TRANSPORT__APPEND": "true",
    }
    assert "Loaded 1 file" in place.load(**env).stdout
