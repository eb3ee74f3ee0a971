"""Start and stop the two services: the S3 server and the SQL warehouse in front of it."""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from http.client import HTTPException, HTTPSConnection
from pathlib import Path

from local_warehouse.services import dbt_profile, packages, processes
from local_warehouse.services.certificates import Certificates
from local_warehouse.services.environment import (
    CATALOG,
    command_environment,
    without_foreign_settings,
)
from local_warehouse.services.errors import LocalWarehouseError
from local_warehouse.services.s3_server import (
    PORT_OPTIONS,
    SEAWEEDFS_ENVIRONMENT,
    S3Settings,
    ensure_buckets,
    own_storage,
    remove_sockets,
    seaweedfs_command,
    seaweedfs_is_ready,
    users_storage,
    wait_until_usable,
    write_seaweedfs_config,
)
from local_warehouse.services.state import (
    Options,
    Secrets,
    ServiceRecord,
    State,
    StateDirectory,
    say,
)
from local_warehouse.storage.locations import odd_characters

STORAGE = "storage"
WAREHOUSE = "warehouse"
# What the commands of the services have, and no other.
_MARKS = {"local_warehouse.server --state": WAREHOUSE, " mini -dir=": STORAGE}
_PORTS = {STORAGE: len(PORT_OPTIONS), WAREHOUSE: 1}
_ATTEMPTS = 3  # to find a port that nobody takes meanwhile
# In the log of a service whose port another program has: Python's words, and SeaweedFS's two.
_TAKEN = re.compile(r"address already in use|port \d+ .* is not available", re.IGNORECASE)
_PORT = re.compile(r"port[a-z.]*=(\d+)")
READY_SECONDS = 30.0
# One heap for all threads of the warehouse: each of glibc's usual eight a core keeps the most that
# it ever needed. Arrow's heap keeps for ten seconds what was freed, not for one: a load that needs
# it again would have the kernel clear it each time.
_MALLOC = {"MALLOC_ARENA_MAX": "1", "MIMALLOC_PURGE_DELAY": "10000"}
_LOG_LINES = 15


@dataclass(frozen=True)
class Service:
    """How one service is started and how it is known to be ready."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    address: str
    is_ready: Callable[[], bool]
    prepare: Callable[[], None] = lambda: None  # runs after a start, before others may use it
    depends_on: str = ""  # a process that was started with another value is started again

    @property
    def settings(self) -> str:
        """A fingerprint of `command` and `depends_on`: 16 hexadecimal digits."""
        content = "\0".join([*self.command, self.depends_on])
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def running_environment(directory: StateDirectory) -> dict[str, str] | None:
    """The environment for clients when everything runs already; None when `up` is needed.

    This is the path of every `exec`, so it only reads three small files and opens two sockets.
    """
    state, secrets = directory.read(), directory.read_secrets()
    storage = users_storage(os.environ)
    needed = [WAREHOUSE] if storage else [STORAGE, WAREHOUSE]
    if secrets is None or not state.ports.keys() >= set(needed):
        return None
    if not Certificates(directory.certificates).are_recent():
        return None
    storage = storage or own_storage(state.ports[STORAGE][0], secrets)
    if state.storage != _storage_identity(storage, own=STORAGE in needed):
        return None
    for name in needed:
        record = state.services.get(name)
        if (
            record is None
            or not record.ready
            or not processes.is_running(record.pid, record.identity)
            or not processes.accepts_connections(state.ports[name][0])
        ):
            return None
    port = state.ports[WAREHOUSE][0]
    expected = _warehouse(directory, storage, "", state.options, state.ports[WAREHOUSE])
    if state.services[WAREHOUSE].settings != expected.settings:
        return None
    return _for_clients(directory, secrets, storage, port)


def up(directory: StateDirectory, options: Options | None = None) -> dict[str, str]:
    """Start what is not running and return the environment for clients.

    The settings are written into a profiles.yml beside the directory, if it has a place for them.
    `options` replace the recorded ones and are kept for later starts; a warehouse that runs with
    others is started again. When a service fails to start, those that this call started are
    stopped again. Raises LocalWarehouseError.
    """
    packages.check()
    directory.create()
    with directory.lock():
        state, secrets = directory.read(), directory.secrets()
        Certificates(directory.certificates).ensure()
        started: list[str] = []
        try:
            storage = users_storage(os.environ)
            own = storage is None
            _check_identity(state, directory, storage)
            end_orphans(directory, state)
            _remove_sockets_of_killed(state)
            if storage is None:
                write_seaweedfs_config(directory, secrets)
                seaweedfs = partial(_seaweedfs, directory, secrets)
                ports = _start(STORAGE, seaweedfs, state, directory, started)
                storage = own_storage(ports[0], secrets)
            elif not _runs(state.services.get(WAREHOUSE)):
                ensure_buckets(storage)
            state.options = options or state.options
            warehouse = partial(_warehouse, directory, storage, secrets.token, state.options)
            port = _start(WAREHOUSE, warehouse, state, directory, started)[0]
            state.storage = _storage_identity(storage, own)
            directory.write(state)
        except BaseException as error:
            for name in reversed(started):
                _stop(name, state, directory)
            if started and isinstance(error, LocalWarehouseError):
                say(f"stopped again: {', '.join(started)}")
            raise
    return _for_clients(directory, secrets, storage, port)


def _for_clients(
    directory: StateDirectory, secrets: Secrets, storage: S3Settings, port: int
) -> dict[str, str]:
    """The environment for clients, which a profiles.yml beside the directory gets too."""
    environment = command_environment(os.environ, directory, secrets, storage, port)
    profiles = directory.path.parent / "profiles.yml"
    try:
        dbt_profile.refresh(profiles, environment)
    except OSError as error:
        say(f"{profiles} keeps its settings, and plain dbt may not find the warehouse: {error}")
    return environment


def down(directory: StateDirectory) -> list[str]:
    """Stop what runs, the warehouse first; return the names of what was stopped."""
    if not directory.path.is_dir():
        return end_orphans(directory, State())
    with directory.lock():
        state = directory.read()
        running = [name for name in (WAREHOUSE, STORAGE) if _runs(state.services.get(name))]
        ended = [name for name in (WAREHOUSE, STORAGE) if _end(name, state)]
        try:
            if ended:
                directory.write(state)
        except OSError as error:  # a full disk, say, keeps none of them up
            say(f"stopped, though `status` will say that they are dead: {error}")
        running += end_orphans(directory, state)
    return running


@dataclass(frozen=True)
class Orphan:
    """A service that runs on a directory and is not in its state."""

    pid: int
    identity: str
    command: str

    def end(self) -> None:
        """Stop it. It gets little time: what it would save is gone, and SeaweedFS without its
        folder does not end by itself."""
        processes.stop(self.pid, self.identity, patience_seconds=2.0)
        remove_sockets({int(port) for port in _PORT.findall(self.command)})


def orphans(directory: StateDirectory, state: State) -> dict[str, Orphan]:
    """The services that run on this directory and are not in its state, as when it was deleted
    under them, by a name for messages."""
    known = {record.pid for record in state.services.values()}
    found = {}
    for pid, command in processes.mentioning(directory.path).items():
        kind = next((kind for mark, kind in _MARKS.items() if mark in command), None)
        if kind and pid not in known and (identity := processes.identify(pid)):
            found[f"{kind} (process {pid}, of a state that is gone)"] = Orphan(
                pid, identity, command
            )
    return found


def end_orphans(directory: StateDirectory, state: State) -> list[str]:
    """Stop them, and return their names."""
    found = orphans(directory, state)
    for orphan in found.values():
        orphan.end()
    return list(found)


def forget(directory: StateDirectory, name: str) -> None:
    """Take a service that has ended without a `down` out of the state."""
    with directory.lock():
        _stop(name, directory.read(), directory)


@contextmanager
def warehouse_stopped(directory: StateDirectory) -> Iterator[None]:
    """Stop the warehouse, so that nobody changes the catalog inside, and start it again after."""
    with directory.lock():
        _stop(WAREHOUSE, directory.read(), directory)
    try:
        yield
    finally:
        up(directory)


@dataclass(frozen=True)
class Status:
    """One line of `local-warehouse status`."""

    name: str
    condition: str  # running, starting, stopped or dead (its process is gone without a `down`)
    record: ServiceRecord | None


def status(directory: StateDirectory) -> list[Status]:
    """The condition of each service, as found by its process and its port."""
    state = directory.read()
    names = [WAREHOUSE] if users_storage(os.environ) else [STORAGE, WAREHOUSE]
    return [_status(name, state) for name in names]


def _status(name: str, state: State) -> Status:
    record = state.services.get(name)
    if record is None:
        return Status(name, "stopped", None)
    if not _runs(record):
        return Status(name, "dead", record)
    answers = processes.accepts_connections(state.ports[name][0])
    return Status(name, "running" if record.ready and answers else "starting", record)


def _seaweedfs(directory: StateDirectory, secrets: Secrets, ports: list[int]) -> Service:
    storage = own_storage(ports[0], secrets)

    def prepare() -> None:
        ensure_buckets(storage)
        wait_until_usable(storage, READY_SECONDS)

    return Service(
        name=STORAGE,
        command=seaweedfs_command(directory, ports),
        environment={name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
        | SEAWEEDFS_ENVIRONMENT,
        address=storage.endpoint,
        is_ready=lambda: seaweedfs_is_ready(ports[0]),
        prepare=prepare,
    )


def _warehouse(
    directory: StateDirectory,
    storage: S3Settings,
    token: str,
    options: Options,
    ports: list[int],
) -> Service:
    port = ports[0]
    certificates = Certificates(directory.certificates)
    command = [
        *(sys.executable, "-m", "local_warehouse.server"),
        *("--state", str(directory.path)),
        *("--port", str(port)),
        *("--certificate", str(certificates.certificate)),
        *("--key", str(certificates.key)),
        *("--storage", storage.lakehouse_url),
        *("--managed", _managed_url(directory, storage, options)),
        *("--catalog", CATALOG),
        *(("--engine", options.engine) if options.engine else ()),
        *(f"--allow-location={url}" for url in options.allowed_locations),
    ]
    certificate = _content(certificates.certificate)
    return Service(
        name=WAREHOUSE,
        command=command,
        environment=without_foreign_settings(os.environ)
        | storage.environment()
        | _MALLOC
        | {"LOCAL_WAREHOUSE_TOKEN": token},
        address=f"https://localhost:{port}",
        is_ready=lambda: _warehouse_is_ready(port, certificates.authority),
        depends_on="\0".join([*storage.environment().values(), certificate]),
    )


def managed_urls(directory: StateDirectory, lakehouse_url: str) -> tuple[str, str]:
    """The folders in which managed tables may be: on this machine's disk, and on S3."""
    return f"file://{directory.managed}", f"{lakehouse_url}/managed"


def _managed_url(directory: StateDirectory, storage: S3Settings, options: Options) -> str:
    """Where new managed tables are put.

    That is on this machine's disk, if the S3 and the engine are ours too and the path has no
    character that a URL quotes; else on S3, which other programs can reach.
    """
    on_disk, on_s3 = managed_urls(directory, storage.lakehouse_url)
    is_ours = users_storage(os.environ) is None and options.engine is None
    return on_disk if is_ours and not odd_characters(on_disk) else on_s3


def _warehouse_is_ready(port: int, authority: Path) -> bool:
    context = ssl.create_default_context(cafile=str(authority))
    connection = HTTPSConnection("localhost", port, timeout=5, context=context)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _ensure(service: Service, state: State, directory: StateDirectory, started: list[str]) -> None:
    """Start a service unless it runs, is ready and has these settings."""
    record = state.services.get(service.name)
    if record and _runs(record):
        if record.ready and record.settings == service.settings and service.is_ready():
            return
        say(f"{service.name}: does not answer or has other settings; starting it again")
        _stop(service.name, state, directory)
    log = directory.logs / f"{service.name}.log"
    begun = time.monotonic()
    pid = processes.start_detached(service.command, service.environment, log)
    record = ServiceRecord(
        name=service.name,
        pid=pid,
        identity=processes.identify(pid) or "",
        address=service.address,
        log=str(log),
        started_at=datetime.now().astimezone().isoformat(timespec="seconds"),
        settings=service.settings,
    )
    started.append(service.name)
    state.services[service.name] = record
    directory.write(state)
    _wait_until_ready(service, record, begun)
    service.prepare()
    state.services[service.name] = replace(record, ready=True)
    directory.write(state)


def _start(
    name: str,
    service: Callable[[list[int]], Service],
    state: State,
    directory: StateDirectory,
    started: list[str],
) -> list[int]:
    """Start a service of these ports, and return them: other ones where a program took one
    meanwhile, which takes some seconds on a busy machine."""
    for left in reversed(range(_ATTEMPTS)):
        ports = _choose_ports(state, name, _PORTS[name])
        try:
            _ensure(service(ports), state, directory, started)
            break
        except LocalWarehouseError as error:
            if not _TAKEN.search(str(error)) or not left:
                raise
            _stop(name, state, directory)
            started.remove(name)
            state.ports[name] = []
    return ports


def _wait_until_ready(service: Service, record: ServiceRecord, begun: float) -> None:
    say(f"{service.name}: starting ", end="")
    next_sign = begun + 1
    while not service.is_ready():
        now = time.monotonic()
        if not _runs(record):
            reason = "ended while starting"
        elif now - begun > READY_SECONDS:
            reason = f"was not ready after {READY_SECONDS:.0f} s"
        else:
            if now > next_sign:
                say(".", end="")
                next_sign += 1
            time.sleep(0.05)
            continue
        say("failed")
        raise LocalWarehouseError(
            f"the {service.name} service {reason}; its log is {record.log}\n"
            + _last_lines(Path(record.log))
        )
    say(f"ready at {service.address} in {time.monotonic() - begun:.1f} s")


def _stop(name: str, state: State, directory: StateDirectory) -> None:
    if _end(name, state):
        directory.write(state)


def _end(name: str, state: State) -> bool:
    """Stop a service and forget it; return whether one was recorded."""
    record = state.services.pop(name, None)
    if record is None:
        return False
    if not _runs(record):
        _remove_sockets_of_killed(state)
        return True
    processes.stop(record.pid, record.identity)
    if name == STORAGE:
        remove_sockets(state.ports[STORAGE])
    return True


def _remove_sockets_of_killed(state: State) -> None:
    """Those of a port on which somebody listens are of another SeaweedFS by now, and stay."""
    if not _runs(state.services.get(STORAGE)):
        ports = state.ports.get(STORAGE, [])
        remove_sockets([port for port in ports if processes.is_free(port)])


def _runs(record: ServiceRecord | None) -> bool:
    return record is not None and processes.is_running(record.pid, record.identity)


def _choose_ports(state: State, name: str, count: int) -> list[int]:
    """The ports of a service: those it listens on, else the earlier ones, else free ones."""
    earlier = state.ports.get(name, [])
    if not _runs(state.services.get(name)) or len(earlier) != count:
        state.ports[name] = processes.free_ports(count, earlier)
    return state.ports[name]


def _storage_identity(storage: S3Settings, own: bool) -> str:
    return "own" if own else f"{storage.endpoint} {storage.lakehouse_url}"


def _check_identity(state: State, directory: StateDirectory, storage: S3Settings | None) -> None:
    """The catalog of a state directory points into one storage: never serve it from another."""
    wanted = _storage_identity(storage, own=False) if storage else "own"
    if state.storage in (None, wanted):
        return
    names = {"own": "the S3 that local-warehouse starts"}
    raise LocalWarehouseError(
        f"{directory.path} belongs to {names.get(str(state.storage), state.storage)}, but the "
        f"environment names {names.get(wanted, wanted)}: "
        "change AWS_ENDPOINT_URL and LAKEHOUSE_URL back, or choose another directory by --state",
        2,
    )


def _content(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def _last_lines(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
    return "\n".join(f"  | {line}" for line in lines)
