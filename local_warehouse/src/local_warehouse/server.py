"""The local SQL warehouse as a process: `python -m local_warehouse.server`.

It listens on 127.0.0.1 and speaks the protocol of a Databricks SQL warehouse. The bearer token is
read from LOCAL_WAREHOUSE_TOKEN, the storage's keys from AWS_*: neither is ever logged.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import shutil
import signal
import ssl
import threading
from pathlib import Path

import pyarrow as pa

from local_warehouse import read_files
from local_warehouse.catalog.store import Catalog
from local_warehouse.engine.engine import Engine
from local_warehouse.errors import StatementError
from local_warehouse.protocol.http import Server
from local_warehouse.protocol.service import ThriftService
from local_warehouse.protocol.sessions import IDLE_SECONDS
from local_warehouse.session.warehouse import Warehouse
from local_warehouse.storage.locations import Locations

_log = logging.getLogger("local_warehouse")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder of catalog.sqlite")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, required=True, help="PEM file")
    parser.add_argument("--key", type=Path, required=True, help="PEM file")
    parser.add_argument(
        "--storage", required=True, help="URL under which statements may read and write"
    )
    parser.add_argument(
        "--managed", required=True, help="URL of the folder in which managed tables are put"
    )
    parser.add_argument(
        "--catalog", default="main", help="the catalog of a session that names none"
    )
    parser.add_argument(
        "--allow-location",
        action="append",
        default=[],
        help="URL of a folder that statements may use besides these two and LANDING_URL",
    )
    parser.add_argument("--engine", help="sc://host:port of a Spark Connect server to use instead")
    parser.add_argument("--log-level", default=os.environ.get("LOCAL_WAREHOUSE_LOG_LEVEL", "INFO"))
    return parser.parse_args()


def main() -> None:
    """Serve until SIGTERM or SIGINT. Exits with a message when it cannot start."""
    arguments = _arguments()
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _log.setLevel(arguments.log_level.upper())
    token = os.environ.get("LOCAL_WAREHOUSE_TOKEN")
    if not token:
        raise SystemExit("LOCAL_WAREHOUSE_TOKEN is not set: start with `local-warehouse up`.")
    arguments.state.mkdir(parents=True, exist_ok=True)
    scratch = arguments.state / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)  # left by a process that was killed
    scratch.mkdir()
    catalog = Catalog(arguments.state / "catalog.sqlite")
    if arguments.catalog.lower() not in catalog.catalogs():
        catalog.create_catalog(arguments.catalog)
    try:
        engine = Engine(arguments.engine)
    except StatementError as error:
        raise SystemExit(str(error)) from None
    landing = [url for url in (os.environ.get("LANDING_URL"),) if url]
    locations = Locations(
        [arguments.storage, arguments.managed, *landing, *arguments.allow_location]
    )
    storage = read_files.FileStorage(allow_local=locations.have_local)
    warehouse = Warehouse(catalog, engine, arguments.managed, scratch, locations, storage)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(arguments.certificate, arguments.key)
    idle_seconds = float(os.environ.get("LOCAL_WAREHOUSE_SESSION_IDLE_SECONDS", IDLE_SECONDS))
    service = ThriftService(warehouse, arguments.catalog, idle_seconds)
    server = Server(arguments.port, tls, token, service)

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keeps some MB for each live thread
    # A full collection runs when the number of objects has grown by a quarter. Frozen ones do not
    # count, so the number is small, and the cycles that statements leave, sockets too, go soon.
    gc.freeze()
    gc.collect()
    _log.info("ready on https://localhost:%d", server.server_port)
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.server_close()
        catalog.close()
        _log.info("stopped")


if __name__ == "__main__":
    main()
