"""`new-dataset`: writes a dataset's declaration, models, YAML and tests from sample files.

Exit codes: 0 written, 2 wrong use or nothing that can be written; then no file is changed.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bronze_loader.datasets.charsets import charset
from bronze_loader.datasets.column_names import normalise
from bronze_loader.datasets.csv_options import CsvOptions
from bronze_loader.datasets.declaration import find_sources, read_datasets
from bronze_loader.errors import ConfigurationError
from local_session import output
from local_session.command_end import ending_with_its_reader
from new_dataset import models_sql
from new_dataset.dataset import KINDS, TEXT, Column, ColumnType, NewDataset
from new_dataset.errors import NewDatasetError
from new_dataset.location import check_location, common_location
from new_dataset.models_yaml import ModelsYaml
from new_dataset.names import check_dataset_name, column_names
from new_dataset.proposals import is_id, propose, typed, unread
from new_dataset.sample_files import Sample, SampleColumn, read_samples
from new_dataset.source_yaml import with_entry
from new_dataset.writing import check_free, write_all

DONE, WRONG_USE = 0, 2
MODEL_LINES = 200  # of a model's SQL, by dbt-bouncer.yml
_SHOWN = 30  # characters of an example in the table


@ending_with_its_reader
def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(argv)
    console = output.console(soft_wrap=True)
    try:
        _run(options, console)
    except (NewDatasetError, ConfigurationError) as error:
        print(f"new-dataset: {error}", file=sys.stderr)
        return WRONG_USE
    except (KeyboardInterrupt, EOFError):
        print("new-dataset: stopped, nothing was written", file=sys.stderr)
        return WRONG_USE
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="new-dataset",
        description="Write what a dataset needs from sample files: its entry in the source YAML, "
        "bronze view, checked, accepted and rejected models, their YAML with tests and unit tests.",
        epilog="COLUMN is a name of the header or of --rename. At a terminal, the types of all "
        "columns are proposed and asked; otherwise a column that is not named is text. No file is "
        "overwritten. Exit codes: 0 written, 2 nothing written.",
    )
    parser.add_argument("name", metavar="NAME", help="the dataset's name, such as daily_returns")
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="sample CSV files")
    types = parser.add_argument_group("types of columns; repeatable, or several by commas")
    for kind, says in (
        ("date", "calendar dates in ISO form"),
        ("timestamp", "dates with a time of day in ISO form"),
        ("whole", "whole numbers"),
        ("decimal", "numbers with a decimal point"),
        ("text", "as it is"),
        ("optional", "may be blank; a line with any other blank column is rejected"),
    ):
        types.add_argument(
            f"--{kind}", metavar="COLUMN", action="extend", default=[], type=_list, help=says
        )
    parser.add_argument("--yes", action="store_true", help="take every proposed type, do not ask")
    parser.add_argument(
        "--rename", metavar="HEADER=NAME", action="append", default=[], type=_pair,
        help="another name for a column in views and silver",
    )  # fmt: skip
    parser.add_argument(
        "--only", metavar="COLUMN", action="extend", default=[], type=_list,
        help="the columns that the models have, of files with very many",
    )  # fmt: skip
    parser.add_argument("--gold", action="store_true", help="also a gold table, all_NAME")
    parser.add_argument("--location", metavar="GLOB", help="below the landing; default **/PREFIX*")
    for option, says in (
        ("encoding", "of the files, when it is not UTF-8"),
        ("delimiter", "between values"),
        ("quote", "around values"),
        ("escape", "before a quote within a value"),
    ):
        parser.add_argument(f"--{option}", help=f"{says}; default: detected in each file")
    parser.add_argument("--skip-rows", type=int, default=0, help="lines before the header")
    return parser


def _list(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _pair(text: str) -> tuple[str, str]:
    header, separator, name = text.partition("=")
    if not separator or not header or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not HEADER=NAME")
    return normalise([header])[0], name


def _run(options: argparse.Namespace, console: Console) -> None:
    check_dataset_name(options.name)
    sources = find_sources(None).resolve()
    root = sources.parents[2]
    check_free(root, _paths(options.name, options.gold))
    file_names = [path.name for path in options.files]
    location = (options.location or common_location(file_names)).removeprefix("/")
    check_location(location, file_names, read_datasets(sources))
    sample = read_samples(options.files, _csv_options(options))
    dataset = NewDataset(
        name=options.name,
        location=location,
        columns=_columns(options, sample, console),
        options=sample.options,
        has_gold=options.gold,
    )
    blocks = re.findall(r"{% docs (\w+) %}", _text(root / "models/_columns.md"))
    files = _files(dataset, blocks)
    _check_length(files, dataset)
    write_all(root, files, sources, with_entry(_text(sources), dataset))
    _tell(dataset, sources.relative_to(root), list(files), console)


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise NewDatasetError(f"cannot read {path}: {error}") from error


def _csv_options(options: argparse.Namespace) -> CsvOptions:
    for name in ("delimiter", "quote", "escape"):
        value = getattr(options, name)
        if value is not None and len(value.replace("\\t", "\t")) != 1:
            raise NewDatasetError(f"--{name} {value!r}: it must be one character")
    if options.skip_rows < 0:
        raise NewDatasetError(f"--skip-rows {options.skip_rows}: it must be 0 or more")
    try:
        encoding = charset(options.encoding) if options.encoding else None
    except (LookupError, ValueError) as error:
        raise NewDatasetError(f"--encoding: {error}") from error
    return CsvOptions(
        delimiter="\t" if options.delimiter == "\\t" else options.delimiter,
        encoding=encoding,
        quote=options.quote,
        escape=options.escape or options.quote,
        skip_rows=options.skip_rows,
    )


def _columns(options: argparse.Namespace, sample: Sample, console: Console) -> tuple[Column, ...]:
    """The columns with the types that are given, asked, or proposed."""
    sampled = {column.name: column for column in sample.columns}
    names = column_names(list(sampled), options.name, dict(options.rename))
    if options.only:
        chosen = {_find(name, names, "--only") for name in options.only}
        names = {source: name for source, name in names.items() if source in chosen}
    given = _given(options, names)
    asks = sys.stdin.isatty() and not options.yes
    proposes = asks or options.yes
    types = {}
    for source in names:
        proposed = propose(sampled[source], sample) if proposes else ColumnType()
        kind, optional = given.get(source, (None, False))
        required = not optional if kind or optional or not proposes else proposed.is_required
        types[source] = typed(kind or proposed.kind, required, sampled[source].values)
    if asks:
        types = _ask(names, types, sampled, console)
    for source, column_type in types.items():
        wrong = unread(column_type.kind, sampled[source].values)
        if wrong:
            print(
                f"new-dataset: {names[source]} has {len(wrong)} of "
                f"{len(sampled[source].values)} sample values that are no {column_type.kind}, e.g. "
                f"{wrong[0][:_SHOWN]!r}; such lines will be rejected",
                file=sys.stderr,
            )
    return tuple(
        Column(
            source,
            name,
            types[source],
            sampled[source].files == sample.files,
            types[source].kind == TEXT and is_id(source, sampled[source].values),
        )
        for source, name in names.items()
    )


def _given(
    options: argparse.Namespace, names: Mapping[str, str]
) -> dict[str, tuple[str | None, bool]]:
    """The kind that the command line gives a column, if any, and whether it makes it optional."""
    kinds: dict[str, str] = {}
    for kind in KINDS:
        for name in getattr(options, kind):
            source = _find(name, names, f"--{kind}")
            if kinds.setdefault(source, kind) != kind:
                raise NewDatasetError(f"{name} is given two types, {kinds[source]} and {kind}")
    optional = {_find(name, names, "--optional") for name in options.optional}
    return {source: (kinds.get(source), source in optional) for source in {*kinds, *optional}}


def _find(name: str, names: Mapping[str, str], option: str) -> str:
    """The column of bronze that is meant by its header, its own name or that in silver."""
    for source, renamed in names.items():
        if name in (source, renamed) or normalise([name]) == [source]:
            return source
    raise NewDatasetError(
        f"{option} {name}: there is no such column; there are {', '.join(names.values())}"
    )


def _ask(
    names: Mapping[str, str],
    types: dict[str, ColumnType],
    sampled: Mapping[str, SampleColumn],
    console: Console,
) -> dict[str, ColumnType]:
    """The types after the corrections that are typed, a line each, until an empty one."""
    console.print(_proposal(names, types, sampled))
    console.print(
        f"Types are {', '.join(KINDS)}; add `optional` for a column that may be blank.\n"
        "Correct a column, such as `amount decimal optional`, or press Enter to write the files."
    )
    while answer := input("> ").split():
        name, *words = answer
        unknown = [word for word in words if word not in (*KINDS, "optional")]
        kinds = [word for word in words if word in KINDS]
        try:
            source = _find(name, names, "")
        except NewDatasetError as error:
            console.print(str(error).strip(), markup=False)
            continue
        if unknown or len(kinds) > 1:
            console.print(f"not a type: {' '.join(words)}", markup=False)
            continue
        kind = kinds[0] if kinds else types[source].kind
        types[source] = typed(kind, "optional" not in words, sampled[source].values)
        console.print(f"{names[source]} is {types[source].described()}", markup=False)
    return types


def _proposal(
    names: Mapping[str, str],
    types: Mapping[str, ColumnType],
    sampled: Mapping[str, SampleColumn],
) -> Table:
    table = Table("column", "type", "in the header", "example", box=None)
    for source, name in names.items():
        example = next(iter(sampled[source].values), "")
        header = "" if source == name else source
        cells = (name, types[source].described(), header, example[:_SHOWN])
        table.add_row(*(escape(cell) for cell in cells))
    return table


def _paths(name: str, has_gold: bool) -> dict[Path, str]:
    """Where the SQL and YAML of each model go, with the model's part in the dataset."""
    models = {
        "bronze": f"models/bronze/bronze_{name}",
        "checked": f"models/silver/checked/checked_{name}",
        "accepted": f"models/silver/{name}",
        "rejected": f"models/silver/rejected_{name}",
    }
    if has_gold:
        models["gold"] = f"models/gold/all_{name}"
    return {
        Path(f"{path}.{suffix}"): part for part, path in models.items() for suffix in ("sql", "yml")
    }


def _files(dataset: NewDataset, doc_blocks: Sequence[str]) -> dict[Path, str]:
    """The content of each new file, by its path in the project."""
    beside = ModelsYaml(dataset, doc_blocks)
    contents = {
        ("bronze", ".sql"): models_sql.bronze_sql,
        ("checked", ".sql"): models_sql.checked_sql,
        ("accepted", ".sql"): models_sql.accepted_sql,
        ("rejected", ".sql"): models_sql.rejected_sql,
        ("gold", ".sql"): models_sql.gold_sql,
    }
    return {
        path: contents[part, ".sql"](dataset)
        if path.suffix == ".sql"
        else str(getattr(beside, part)())
        for path, part in _paths(dataset.name, dataset.has_gold).items()
    }


def _check_length(files: Mapping[Path, str], dataset: NewDataset) -> None:
    longest = max(text.count("\n") for path, text in files.items() if path.suffix == ".sql")
    if longest > MODEL_LINES:
        raise NewDatasetError(
            f"with {len(dataset.columns)} columns a model would have {longest} lines, and "
            f"dbt-bouncer.yml allows {MODEL_LINES}; name the columns that you use by --only. The "
            "others are loaded into bronze too, and can be added to the models later"
        )


def _tell(dataset: NewDataset, sources: Path, files: Sequence[Path], console: Console) -> None:
    texts = sum(column.type.kind == TEXT for column in dataset.columns)
    console.print(
        f"{dataset.name}: {len(dataset.columns)} columns, {texts} of them text, "
        f"{len(dataset.optional)} optional; files {dataset.location}",
        markup=False,
    )
    console.print(f"  {sources}  (an entry)", markup=False)
    for path in files:
        console.print(f"  {path}", markup=False)
    console.print(
        "Read them, say more in the descriptions, add rules to the checked model. Then: "
        "landing-sample upload, load-bronze, dbt build."
    )


if __name__ == "__main__":
    sys.exit(main())
