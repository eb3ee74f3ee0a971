"""The session that the commands share: local state, local services, the warehouse's connection.

The commands use the warehouse and the bucket that the environment names. When it names none, they
start themselves again through `local-warehouse exec`, which starts the local services and sets the
environment.
"""

import errno
import os
import shutil
import sys
from pathlib import Path

_ENTERED = "LOCAL_SESSION_ENTERED"
# Bytes that are free: the local S3 takes half of them when it needs more room, else it fails.
_FULL = 256 * 1024**2


class SessionError(Exception):
    """The environment names no warehouse or bucket, and the local ones cannot be entered."""


def project_root() -> Path:
    """The folder of dbt_project.yml: the working folder, one above it, or else this checkout's."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "dbt_project.yml").is_file():
            return folder
    return Path(__file__).resolve().parents[2]


def state_dir() -> Path:
    """The git-ignored folder of local state: LAKEHOUSE_STATE, else .lakehouse in the project."""
    named = os.environ.get("LAKEHOUSE_STATE")
    return Path(named) if named else project_root() / ".lakehouse"


def bin_dir() -> Path:
    """The folder of this Python and of the commands installed with it."""
    return Path(sys.executable).parent


def display_path(path: Path) -> str:
    """The path as a message shows it: relative where it lies below the working folder."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def enter(command: str, arguments: list[str], missing: str) -> None:
    """Replace this process by the same command inside `local-warehouse exec`, on the project's data
    from wherever it is called.

    `missing` names the environment variable that is not set, for the messages.
    Raises SessionError when there is no local-warehouse, or when it did not set the variable.
    """
    if os.environ.get(_ENTERED):
        raise SessionError(f"{missing} is not set, even inside `local-warehouse exec`.")
    launcher = bin_dir() / "local-warehouse"
    if not launcher.is_file():
        raise SessionError(
            f"{missing} is not set, and there is no local-warehouse beside {sys.executable}. "
            f"Set {missing}, or install the project with `make setup`."
        )
    message = f"{missing} is not set: using the local services (local-warehouse exec)."
    print(message, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os.environ[_ENTERED] = "1"
    call = [str(launcher), "--state", str(state_dir()), "exec", "--", command, *arguments]
    os.execv(launcher, call)  # noqa: S606


def told(error: Exception) -> str:
    """The message of an error; that of a full disk, also of the local S3's, says where to look and
    what to do."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        place = error.filename or f"{state_dir()}, or of the output"
        return f"no space is left on the disk of {place}: free some and run it again"
    message = str(error)
    if "InternalError" in message and "LAKEHOUSE_STATE" in os.environ:
        place = state_dir()
        free = shutil.disk_usage(place).free
        if free < _FULL:
            message += (
                f"\nThe disk of {place} has {free >> 20} MiB left: free some and run it again."
            )
    return message
