"""The command `local-warehouse`: services of this machine, statements and commands that use them.

Modules that take long to import are imported where they are used: `exec` on running services
must cost next to nothing.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from local_warehouse.services.errors import LocalWarehouseError
from local_warehouse.services.processes import open_missing_streams
from local_warehouse.services.state import Options, StateDirectory, find_state_directory, say

if TYPE_CHECKING:
    from local_warehouse.doctor import Finding

_EXIT_CODES = """\
exit codes: 0 done; 1 failed; 2 wrong use or settings; 3 (status) not everything is running;
exec ends with the code of its command, 127 when there is no such command
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: see `--help`; 141 when nobody reads its output."""
    open_missing_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):  # what the terminal's encoding has no sign for
        sys.stdout.reconfigure(errors="backslashreplace")
    code = 0
    try:
        code = _main(arguments)
        sys.stdout.flush()  # here, so that a closed pipe is caught below
    except BrokenPipeError:  # the reader of our output, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:  # of the output, unless `_main` has told it already
        if not code:
            say(f"local-warehouse: {_told(error)}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _told(error: OSError) -> str:
    """Its message; that of a full disk says what to do."""
    is_full = error.errno == errno.ENOSPC
    return f"{error}; free some space there and run it again" if is_full else str(error)


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except LocalWarehouseError as error:
        say(f"local-warehouse: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("local-warehouse: interrupted")
        return 130
    except BrokenPipeError:
        raise
    except OSError as error:  # such as a full disk, below the state directory or the output
        say(f"local-warehouse: {_told(error)}")
        return 1


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="where the data and settings are kept "
        "(default: LAKEHOUSE_STATE, else .lakehouse in the nearest folder upwards that has one, "
        "or a dbt_project.yml or pyproject.toml)",
    )
    parser = argparse.ArgumentParser(
        prog="local-warehouse",
        description="A local S3 and a local SQL warehouse that speaks the Databricks protocol.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], summary: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary, parents=[common])
        added.set_defaults(run=run)
        return added

    up = command("up", _up, "start the services that are not running")
    up.add_argument(
        "--engine",
        metavar="URL",
        help="sc://host:port of a Spark Connect server to compute with, or `embedded` for the "
        "one that comes along; kept until it is changed",
    )
    up.add_argument(
        "--allow-location",
        metavar="URL",
        action="append",
        help="a folder that statements may use besides the configured storage, or `none`; may be "
        "given several times; kept until it is changed",
    )
    command("down", _down, "stop the services; the data stays")
    command("status", _status, "show the services")
    doctor = command("doctor", _doctor, "find what a killed process left behind")
    doctor.add_argument(
        "--repair", action="store_true", help="and repair it; the warehouse is stopped meanwhile"
    )
    command("env", _env, 'print the settings for a shell: eval "$(local-warehouse env)"')
    sql = command("sql", _sql, "run SQL and print the result; without a statement, a prompt")
    sql.add_argument("statement", nargs="?", help="one or more statements separated by ;")
    sql.add_argument("-f", "--file", type=Path, help="read the statements from a file (- is stdin)")
    form = sql.add_mutually_exclusive_group()
    for name in ("csv", "json"):
        form.add_argument(f"--{name}", dest="output", action="store_const", const=name)
    compare = command("compare", _compare, "ask a workspace and the local warehouse the same")
    compare.description = (
        "Ask the workspace of DATABRICKS_HOST, DATABRICKS_HTTP_PATH and DATABRICKS_TOKEN, and the "
        "local warehouse, the same questions and print what differs. Each gets a schema for it, "
        "which is dropped at the end."
    )
    compare.add_argument("--seed", type=int, default=0, help="chooses other questions")
    compare.add_argument(
        "--count", type=int, default=300, help="questions of each of six kinds (default: 300)"
    )
    compare.add_argument("--json", action="store_true", help="print the differences as JSON")
    compare.add_argument("--save", type=Path, metavar="FILE", help="keep the workspace's answers")
    compare.add_argument(
        "--answers", type=Path, metavar="FILE", help="compare with kept answers, no workspace"
    )
    execute = command("exec", _exec, "run a command with the settings for the services")
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND …")
    return parser


def _up(options: argparse.Namespace) -> int:
    from local_warehouse.services import lifecycle

    directory = find_state_directory(getattr(options, "state", None))
    changed = _changed_options(directory, options)
    if changed is None and lifecycle.running_environment(directory) is not None:
        say("the services are running")
    else:
        lifecycle.up(directory, changed)
    return 0


def _changed_options(directory: StateDirectory, options: argparse.Namespace) -> Options | None:
    """The recorded options with those of the command line; None when these change nothing."""
    changed = known = directory.read().options
    if options.engine is not None:
        if options.engine != "embedded" and not options.engine.startswith("sc://"):
            message = f"{options.engine!r} is neither sc://host:port nor embedded"
            raise LocalWarehouseError(message, 2)
        changed = replace(changed, engine=None if options.engine == "embedded" else options.engine)
    if options.allow_location is not None:
        locations = tuple(url for url in options.allow_location if url != "none")
        changed = replace(changed, allowed_locations=locations)
    return None if changed == known else changed


def _down(options: argparse.Namespace) -> int:
    from local_warehouse.services import lifecycle

    stopped = lifecycle.down(find_state_directory(getattr(options, "state", None)))
    say(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
    return 0


def _status(options: argparse.Namespace) -> int:
    from rich.table import Table

    from local_warehouse.client.terminal import Output
    from local_warehouse.services import lifecycle

    directory = find_state_directory(getattr(options, "state", None))
    found = lifecycle.status(directory)
    table = Table("service", "condition", "pid", "address", "since", show_edge=False)
    for line in found:
        record = line.record
        since = record.started_at[:16].replace("T", " ") if record else ""
        details = (str(record.pid), record.address, since) if record else ()
        table.add_row(line.name, line.condition, *details)
    Output().print(table)
    print(f"Logs: {directory.logs}")
    return 0 if all(line.condition == "running" for line in found) else 3


def _doctor(options: argparse.Namespace) -> int:
    from local_warehouse import doctor
    from local_warehouse.services import lifecycle

    directory = find_state_directory(getattr(options, "state", None))
    if not directory.path.is_dir():
        raise LocalWarehouseError(f"there is nothing to examine: {directory.path} is missing", 2)
    left = _treat(doctor.examine_state(directory), options.repair)
    if left and options.repair:
        return 1  # a catalog that cannot be read
    os.environ.update(_environment(options))
    managed = lifecycle.managed_urls(directory, os.environ["LAKEHOUSE_URL"])
    if options.repair:
        with lifecycle.warehouse_stopped(directory):
            left += _treat(doctor.examine_tables(directory, managed), repair=True)
    else:
        left += _treat(doctor.examine_tables(directory, managed), repair=False)
    print("nothing to repair" if not left else f"left to repair: {left}")
    return 1 if left else 0


def _treat(findings: Iterable[Finding], repair: bool) -> int:
    """Print findings, and repair them if told to; return how many are left."""
    left = 0
    for finding in findings:
        print(finding.problem)
        if repair and finding.repair is not None:
            finding.repair()
            print(f"  repaired: {finding.remedy}")
        else:
            print(f"  repair: {finding.remedy}")
            left += 1
    return left


def _env(options: argparse.Namespace) -> int:
    import shlex

    from local_warehouse.services.environment import changes, removals

    environment = _environment(options)
    for name in removals(environment, os.environ):
        print(f"unset {name}")
    for name, value in sorted(changes(environment, os.environ).items()):
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _sql(options: argparse.Namespace) -> int:
    if options.statement is not None and options.file is not None:
        raise LocalWarehouseError("give a statement or a file, and not both", 2)
    output = options.output or "table"
    from local_warehouse.client import shell

    if options.statement is None and options.file is None and sys.stdin.isatty():
        history = find_state_directory(getattr(options, "state", None)).path / "sql-history"
        shell.prompt(_environment(options), history, output)
        return 0
    script = options.statement
    if script is None:
        script = _read_script(options.file or Path("-"))
    shell.run(_environment(options), script, output)
    return 0


def _read_script(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LocalWarehouseError(f"cannot read {path}: {error}", 2) from error


def _compare(options: argparse.Namespace) -> int:
    from local_warehouse.comparison import command

    wanted = command.Wanted(options.seed, options.count, options.save, options.answers)
    command.check(wanted)
    return command.run(_environment(options), wanted, as_json=options.json)


def _exec(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise LocalWarehouseError("name a command: local-warehouse exec -- dbt build", 2)
    environment = _environment(options)
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 - replaces this process
    except FileNotFoundError as error:
        raise LocalWarehouseError(f"there is no command {command[0]!r}", 127) from error
    except OSError as error:
        raise LocalWarehouseError(f"cannot run {command[0]!r}: {error.strerror}", 126) from error


def _environment(options: argparse.Namespace) -> dict[str, str]:
    """The environment for clients; the services are started if they are down."""
    from local_warehouse.services import lifecycle

    directory = find_state_directory(getattr(options, "state", None))
    return lifecycle.running_environment(directory) or lifecycle.up(directory)


if __name__ == "__main__":
    sys.exit(main())
