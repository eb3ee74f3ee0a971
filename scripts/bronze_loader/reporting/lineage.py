"""OpenLineage events of a run, for those who collect lineage: one job for each dataset.

The environment says where they go, as openlineage-python reads it: OPENLINEAGE_URL for an HTTP
endpoint, OPENLINEAGE__TRANSPORT__TYPE=file and OPENLINEAGE__TRANSPORT__LOG_FILE_PATH for a file,
or OPENLINEAGE_CONFIG. https://openlineage.io/docs/client/python
Without any of them nothing is sent. An event that cannot be sent is a warning, never a failure.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bronze_loader.planning.outcome import Outcome, Result, RunReport
from bronze_loader.warehouse.statements import BronzeSchema

log = logging.getLogger(__name__)

PRODUCER = "https://github.com/OpenLineage/OpenLineage/tree/main/client/python"
_ASKED_BY = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT")


class Lineage:
    """Sends the events of one run. Sends nothing when no place is set for them, and nothing more
    after one could not be sent."""

    def __init__(self, schema: BronzeSchema, host: str, datasets: Sequence[str]) -> None:
        """`host` is the warehouse's address, which names the tables' namespace."""
        self._schema = schema
        self._namespace = f"databricks://{urlsplit(host).hostname or host}"
        self._runs = {name: str(uuid.uuid4()) for name in datasets}
        self._client = _client()

    def start(self) -> None:
        """Send START for each dataset."""
        for name in self._runs:
            self._emit(name, "START", [])

    def end(self, report: RunReport) -> None:
        """Send COMPLETE, or FAIL with its error, for each dataset with what was loaded."""
        for name in self._runs:
            mine = [o for o in report.outcomes if o.planned.dataset.name == name]
            loaded = [o for o in mine if o.result is Result.LOADED]
            failed = [f"{o.planned.url}: {o.reason}" for o in mine if o.result is Result.FAILED]
            error = report.error or "\n".join(failed)
            self._emit(name, "FAIL" if error else "COMPLETE", loaded, error)

    def _emit(self, name: str, kind: str, loaded: Sequence[Outcome], error: str = "") -> None:
        if self._client is None:
            return
        try:
            self._client.emit(self._event(name, kind, loaded, error))
        except Exception as problem:  # whatever a transport may raise, the load goes on
            log.warning(
                "dataset %s: the OpenLineage event %s was not sent, nor is any other of this run: "
                "%s", name, kind, problem,
            )  # fmt: skip
            self._client = None  # each attempt may take long where nobody answers

    def _event(self, name: str, kind: str, loaded: Sequence[Outcome], error: str) -> Any:
        from openlineage.client import event_v2 as event
        from openlineage.client import facet_v2 as facet

        facets: dict[str, Any] = {}
        if error:
            facets["errorMessage"] = facet.error_message_run.ErrorMessageRunFacet(error, "PYTHON")
        written = facet.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=sum(o.row_count for o in loaded),
            size=sum(o.planned.file.size for o in loaded),
            fileCount=len(loaded),
        )
        table = f"{self._schema.catalog}.{self._schema.name}.{name}"
        return event.RunEvent(
            eventTime=datetime.now(UTC).isoformat(),
            eventType=event.RunState[kind],
            run=event.Run(self._runs[name], facets),
            job=event.Job(self._namespace, f"load_bronze.{table}"),
            inputs=[
                event.InputDataset(f"s3://{bucket}", key)
                for o in loaded
                for bucket, key in [o.planned.url.removeprefix("s3://").split("/", 1)]
            ],
            outputs=[
                event.OutputDataset(
                    self._namespace, table, outputFacets={"outputStatistics": written}
                )
            ],
            producer=PRODUCER,
        )


def _client() -> Any:
    """The client that the environment asks for, or None."""
    if not any(name.startswith(_ASKED_BY) for name in os.environ):
        return None
    try:
        from openlineage.client import OpenLineageClient
    except ImportError:
        log.warning("OPENLINEAGE… is set, but there is no openlineage-python: pip install it")
        return None
    try:
        return OpenLineageClient()
    except Exception as problem:  # a transport that is not usable must not stop the load
        log.warning("OpenLineage is not usable: %s", problem)
    return None
