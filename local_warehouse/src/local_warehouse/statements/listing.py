"""LIST: the objects of a folder.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-aux-list
"""

from __future__ import annotations

from local_warehouse import errors, read_files
from local_warehouse.session.context import Context
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.results import Result, rows

_COLUMNS = [
    ("path", "string"), ("name", "string"), ("size", "bigint"), ("modification_time", "bigint"),
]  # fmt: skip


def list_files(context: Context, reader: StatementReader) -> Result:
    """LIST 'url' [LIMIT n]: one row a file or folder, whose name ends in a slash.

    Sizes are in bytes, times in milliseconds since 1970; both are 0 for a folder.
    """
    word = reader.take()
    if word.kind not in ("string", "name"):
        raise reader.error("expected the URL of a folder", word)
    if reader.sees("WITH"):
        raise errors.unsupported("LIST … WITH credentials")
    limit = reader.whole_number() if reader.accept("LIMIT") else None
    reader.end()
    folder = context.warehouse.locations.check(word.text) + "/"
    try:
        found = context.warehouse.files.find(folder)
    except read_files.PathNotFound as error:
        message = f"The path {word.text} cannot be found, or holds nothing."
        raise errors.SqlError("PATH_NOT_FOUND", message) from error
    except read_files.ReadFilesError as error:
        raise errors.from_text(str(error), "CLOUD_STORAGE_ERROR") from error
    entries: dict[str, list[object]] = {}
    for file in found:
        name, is_below, _ = file.url.removeprefix(folder).partition("/")
        if is_below:
            entries.setdefault(f"{name}/", [f"{folder}{name}/", f"{name}/", 0, 0])
        else:
            modified = int(file.modified_at.timestamp() * 1000) if file.modified_at else 0
            entries[name] = [file.url, name, file.size, modified]
    return rows(_COLUMNS, [entries[name] for name in sorted(entries)][:limit])
