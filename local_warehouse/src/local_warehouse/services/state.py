"""The state directory: where it is, what it holds, and which services it says are running."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from local_warehouse.services.errors import LocalWarehouseError

DIRECTORY_NAME = ".lakehouse"
PROJECT_FILES = ("dbt_project.yml", "pyproject.toml")
# Marks generated access keys, so that the environment of a nested `exec` is not mistaken for
# an S3 of the user's own.
OWN_KEY_PREFIX = "LAKEHOUSE"

# What to do about a damaged file. Neither file holds anything about tables.
_REMEDIES = {
    "state.json": "End the processes that run on this directory, as nobody else knows of them "
    "(`ps -ef` shows it in their commands); then remove the file and run `local-warehouse up`, "
    "with its options if there were any.",
    "secrets.json": "Run `local-warehouse down`, remove the file, and run `local-warehouse up`, "
    "which makes another token and other keys.",
}


@dataclass(frozen=True)
class ServiceRecord:
    """One started process. `identity` tells it from a later process with the same pid."""

    name: str
    pid: int
    identity: str
    address: str
    log: str
    started_at: str  # ISO 8601, local time with offset
    settings: str  # fingerprint of what it was started with
    ready: bool = False


@dataclass(frozen=True)
class Options:
    """The options of `up`, which later starts keep."""

    engine: str | None = None  # the URL of a Spark Connect server instead of the embedded one
    allowed_locations: tuple[str, ...] = ()


@dataclass
class State:
    """What `state.json` holds: where the data is, the ports used last, the started services."""

    storage: str | None = None
    ports: dict[str, list[int]] = field(default_factory=dict)
    services: dict[str, ServiceRecord] = field(default_factory=dict)
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Secrets:
    """Generated once for a state directory and kept in a file that only its owner can read."""

    token: str
    access_key: str
    secret_key: str


@dataclass(frozen=True)
class StateDirectory:
    """Names of the files in one state directory, and reading and writing of the small ones."""

    path: Path

    @property
    def logs(self) -> Path:
        """The folder of the services' logs."""
        return self.path / "logs"

    @property
    def certificates(self) -> Path:
        """The folder of PEM files: see `services.certificates`."""
        return self.path / "certificates"

    @property
    def storage(self) -> Path:
        """The folder in which the S3 server keeps its objects."""
        return self.path / "storage"

    @property
    def managed(self) -> Path:
        """The folder of managed tables that are on this machine's disk."""
        return self.path / "managed"

    def has_state(self) -> bool:
        """Whether services were started from here before.

        Raises LocalWarehouseError for a directory of another user.
        """
        try:
            return (self.path / "state.json").is_file()
        except PermissionError as error:
            raise self._of_another() from error

    def create(self) -> None:
        """Make the directory (0700, as it holds keys) and the ones inside it, hidden from git."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            for directory in (self.logs, self.certificates, self.storage):
                directory.mkdir(exist_ok=True, mode=0o700)
            if not (self.path / ".gitignore").exists():
                write_private(self.path / ".gitignore", "*\n")
        except OSError as error:
            raise LocalWarehouseError(f"cannot make the state directory: {error}", 2) from error

    def read(self) -> State:
        """The recorded state, empty where there is none yet."""
        content = self._read_json("state.json")
        if content is None:
            return State()
        try:
            services = {name: ServiceRecord(**row) for name, row in content["services"].items()}
            options = content.get("options", {})
            locations = tuple(options.get("allowed_locations", ()))
            known = Options(options.get("engine"), locations)
            return State(content["storage"], content["ports"], services, known)
        except (KeyError, TypeError, AttributeError) as error:
            raise self._damaged("state.json") from error

    def write(self, state: State) -> None:
        """Replace the recorded state."""
        write_private(self.path / "state.json", json.dumps(asdict(state), indent=2) + "\n")

    def read_secrets(self) -> Secrets | None:
        """The token and keys of this state; None before their first use."""
        content = self._read_json("secrets.json")
        try:
            return None if content is None else Secrets(**content)
        except TypeError as error:
            raise self._damaged("secrets.json") from error

    def secrets(self) -> Secrets:
        """The token and keys of this state, generated at first use."""
        known = self.read_secrets()
        if known is None:
            known = Secrets(
                token="dapi" + secrets.token_hex(16),
                access_key=OWN_KEY_PREFIX + secrets.token_hex(6).upper(),
                secret_key=secrets.token_urlsafe(30),
            )
            write_private(self.path / "secrets.json", json.dumps(asdict(known)) + "\n")
        return known

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock under which services are started and stopped; wait for who holds it."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another local-warehouse command is at work on these services; waiting for it")
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read_json(self, name: str) -> dict[str, Any] | None:
        try:
            content = json.loads((self.path / name).read_text())
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise self._of_another() from error
        except ValueError as error:
            raise self._damaged(name) from error
        if not isinstance(content, dict):
            raise self._damaged(name)
        return content

    def _of_another(self) -> LocalWarehouseError:
        return LocalWarehouseError(
            f"{self.path} is of another user, who alone can read it. Clone the project for "
            "yourself, or name a directory of your own by --state",
            2,
        )

    def _damaged(self, name: str) -> LocalWarehouseError:
        return LocalWarehouseError(f"{self.path / name} is damaged. {_REMEDIES[name]}", 2)


def find_state_directory(option: str | None) -> StateDirectory:
    """The directory that `--state` names, else LAKEHOUSE_STATE, else `.lakehouse` in the project.

    The project is the nearest folder, from the working directory upwards, that has a project file
    or a state directory already. Raises LocalWarehouseError outside of any: a second, empty
    warehouse in whatever folder one happens to be in would look as if all data were lost.
    """
    chosen = option or os.environ.get("LAKEHOUSE_STATE")
    if chosen:
        return StateDirectory(Path(chosen).expanduser().absolute())
    here = Path.cwd()
    for folder in (here, *here.parents):
        known = StateDirectory(folder / DIRECTORY_NAME)
        if known.has_state() or any((folder / name).is_file() for name in PROJECT_FILES):
            return known
    raise LocalWarehouseError(
        f"{here} is in no project: neither it nor a folder above has a {PROJECT_FILES[0]} or "
        f"{PROJECT_FILES[1]}. Go to the project's folder, or name where the data is kept: "
        f"local-warehouse --state {DIRECTORY_NAME} …",
        2,
    )


def write_private(path: Path, content: str) -> None:
    """Replace a file in one step, readable by its owner only. Raises OSError that names it."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error


def say(message: str, end: str = "\n") -> None:
    """Print progress or an error to stderr, so that stdout holds results only."""
    print(message, end=end, file=sys.stderr, flush=True)
