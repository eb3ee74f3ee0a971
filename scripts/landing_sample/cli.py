"""`landing-sample`: puts sample CSV files, or the user's own, into the landing bucket.

Exit codes: 0 done (or already there), 1 failed, 2 wrong use or configuration.
"""

import argparse
import difflib
import fnmatch
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

import local_session
from landing_sample import generation
from landing_sample.layout import Sample, SampleFile
from landing_sample.places import Bucket, Folder, Place, PlaceError, StoredFile
from landing_sample.upload import UploadError, csv_files, printable, unclaimed_keys, upload
from local_session import output
from local_session.command_end import ending_with_its_reader

SHOWN = 20  # names of files that are left out
DEFAULT = Sample(seed=42, sales=20_000, customers=2_000)


@ending_with_its_reader
def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    options = _parser().parse_args(_with_command(arguments))
    console = output.console(soft_wrap=True)
    try:
        if options.landing is None and getattr(options, "out", None) is None:
            options.landing = os.environ.get("LANDING_URL")
            if not options.landing:
                local_session.enter("landing-sample", arguments, missing="LANDING_URL")
        return int(options.run(options, console))
    except (PlaceError, UploadError, local_session.SessionError) as error:
        return _fail(str(error), 2)
    except (BotoCoreError, ClientError) as error:
        return _fail(f"{options.landing}: {local_session.told(error)}", 1)
    except OSError as error:
        return _fail(local_session.told(error), 1)


def _fail(message: str, code: int) -> int:
    print(f"landing-sample: {message}", file=sys.stderr)
    return code


def _with_command(arguments: list[str]) -> list[str]:
    """The arguments with the command in front; `generate` where none is named."""
    if arguments and arguments[0] in ("generate", "upload", "ls", "rm", "-h", "--help"):
        return arguments
    return ["generate", *arguments]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="landing-sample",
        description="Put CSV files into the landing bucket: a made-up sample, or your own folder.",
        epilog="Without a command: generate. Exit codes: 0 done, 1 failed, 2 wrong use.",
    )
    commands = parser.add_subparsers(required=True, metavar="{generate,upload,ls,rm}")

    sample = commands.add_parser(
        "generate",
        help="realistically dirty sample files, the same for the same seed and sizes",
        description="Bring the landing bucket to the state after a wave of the sample. Files that "
        "are already there stay as they are. Without --seed and sizes, the sample that is there "
        "goes on.",
    )
    sample.add_argument("--seed", type=int, help=f"default {DEFAULT.seed}")
    sample.add_argument(
        "--sales", type=_count, help=f"sales lines of wave 1, default {DEFAULT.sales}"
    )
    sample.add_argument(
        "--customers", type=_count, help=f"customers of wave 1, default {DEFAULT.customers}"
    )
    sample.add_argument(
        "--wave", type=int, choices=(1, 2), default=1,
        help="2 adds new files and uploads two files again with other content",
    )  # fmt: skip
    sample.add_argument("--out", type=Path, metavar="DIR", help="write to a folder, not to S3")
    sample.add_argument(
        "--truth", type=Path, metavar="FILE",
        help="where the expected counts go; default .lakehouse/sample/truth.json, "
        "or truth.json in the folder of --out",
    )  # fmt: skip
    sample.set_defaults(run=_generate)

    own = commands.add_parser("upload", help="your own CSV files, or folders of them")
    own.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    own.add_argument("--prefix", default="", help="put them under this path in the landing bucket")
    own.set_defaults(run=_upload)

    listed = commands.add_parser("ls", help="what is in the landing bucket")
    listed.set_defaults(run=_list)
    removed = commands.add_parser(
        "rm",
        help="remove files from the landing bucket",
        description="Remove files from the landing bucket. Their rows stay in the tables, and the "
        "load log says `gone`: docs/operations.md has what withdraws them too.",
    )
    removed.set_defaults(run=_remove)
    for command in (listed, removed):
        command.add_argument(
            "patterns", nargs="+" if command is removed else "*", metavar="PATTERN",
            help="a key below the landing place, or a pattern such as 'sales/*' for several",
        )  # fmt: skip

    for command in (sample, own, listed, removed):
        command.add_argument(
            "--landing", metavar="URL", help="s3://bucket[/prefix]; default LANDING_URL"
        )
    return parser


def _count(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _generate(options: argparse.Namespace, console: Console) -> int:
    place: Place
    if options.out is not None:
        place = Folder(options.out)
        truth_path = options.truth or options.out / "truth.json"
    else:
        place = Bucket(options.landing)
        place.check()
        truth_path = options.truth or local_session.state_dir() / "sample" / "truth.json"

    plan = generation.plan(_chosen_sample(options, place), options.wave, place)
    if plan.replaces:
        console.print(
            f"{place.name} holds another sample ({plan.replaces.describe()}): replacing it."
        )
    if plan.write or plan.remove or not generation.truth_is_current(truth_path, plan):
        truth = generation.carry_out(plan, place, lambda *written: _tell(console, *written))
        generation.save_truth(truth_path, truth)
    state = f"{plan.sample.describe()}, wave {plan.wave}"
    if plan.write:
        console.print(f"{len(plan.write)} files are now in {place.name}: {state}.")
        console.print(
            f"What the pipeline must make of them: {local_session.display_path(truth_path)}"
        )
    else:
        console.print(f"{place.name} already holds this sample ({state}): left as it is.")
    return 0


def _chosen_sample(options: argparse.Namespace, place: Place) -> Sample:
    """The sample asked for; without any size or seed, the one that the place holds."""
    given = {name: getattr(options, name) for name in ("seed", "sales", "customers")}
    base = DEFAULT
    if all(value is None for value in given.values()):
        base = generation.sample_in(place) or DEFAULT
    return Sample(**{name: getattr(base, name) if v is None else v for name, v in given.items()})


def _tell(console: Console, file: SampleFile, rows: int, size: int) -> None:
    console.print(f"  {file.key}  {rows:,} rows, {_bytes(size)}")


def _upload(options: argparse.Namespace, console: Console) -> int:
    files: dict[Path, str] = {}
    left_out: dict[str, list[str]] = {}
    for path in options.paths:
        found, others = csv_files(path)
        files |= found
        for other, reason in others.items():
            left_out.setdefault(reason, []).append(printable(other))
    bucket = Bucket(options.landing)
    bucket.check()
    keys = upload(
        files, options.prefix, bucket,
        lambda path, url, size: console.print(f"  {path} -> {url}  {_bytes(size)}", markup=False),
    )  # fmt: skip
    console.print(f"{len(keys)} file{'s' if len(keys) != 1 else ''} uploaded to {bucket.name}.")
    ignored, patterns = unclaimed_keys(keys, local_session.project_root())
    if ignored:
        console.print(
            f"No dataset takes {len(ignored)} of them: {_some(ignored)}. The loader reads names "
            f"like {' and '.join(patterns)}. Rename them, or declare a dataset in "
            "models/bronze/_bronze__sources.yml."
        )
    for reason, paths in left_out.items():
        console.print(f"Left out, as {reason}: {_some(paths)}.")
    return 0


def _list(options: argparse.Namespace, console: Console) -> int:
    found = _matching(options)
    for file in found:
        console.print(f"  {file.modified_at:%Y-%m-%d %H:%M}  {_bytes(file.size):>8}  {file.key}")
    console.print(f"{len(found)} file{'s' if len(found) != 1 else ''} in {options.landing}.")
    return 0


def _remove(options: argparse.Namespace, console: Console) -> int:
    bucket = Bucket(options.landing)
    found = _matching(options)
    for file in found:
        bucket.remove(file.key)
        console.print(f"  removed {file.key}")
    console.print(f"{len(found)} file{'s' if len(found) != 1 else ''} removed from {bucket.name}.")
    console.print(
        "Rows that were loaded from there stay, until `load-bronze --full-refresh`, or until a "
        "file with the header alone is uploaded under the same name."
    )
    return 0


def _matching(options: argparse.Namespace) -> list[StoredFile]:
    """The files of the landing that one of the patterns names, all without a pattern.

    Raises PlaceError for a pattern that names none.
    """
    bucket = Bucket(options.landing)
    bucket.check()
    files = list(bucket.files())
    keys = [file.key for file in files]
    wanted: set[str] = set(keys if not options.patterns else ())
    for pattern in options.patterns:
        named = {key for key in keys if key == pattern or fnmatch.fnmatchcase(key, pattern)}
        if not named:
            near = difflib.get_close_matches(pattern, keys, n=3)
            raise PlaceError(
                f"There is no file {pattern!r} in {bucket.name}."
                + (f" Did you mean {' or '.join(near)}?" if near else "")
            )
        wanted |= named
    return [file for file in files if file.key in wanted]


def _some(names: Sequence[object]) -> str:
    """The first of the names, and how many there are besides."""
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(str(name) for name in names[:SHOWN]) + more


def _bytes(size: int) -> str:
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


if __name__ == "__main__":
    sys.exit(main())
