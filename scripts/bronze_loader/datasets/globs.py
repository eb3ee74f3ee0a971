"""Globs over keys: which keys one matches, and the glob that matches one key only."""

from __future__ import annotations

import re
from functools import lru_cache

CSV_SUFFIX = re.compile(r"\.csv(\.gz|\.bz2|\.zst)?\Z", re.IGNORECASE)


@lru_cache
def compile_glob(pattern: str) -> re.Pattern[str]:
    """A regular expression for a glob over keys.

    `*` and `?` stay within one path segment, `**/` is any number of segments including none,
    `[abc]`, `[a-z]`, `[!a]` are character sets, `{a,b}` is a choice. Folders match as they are
    written, what the pattern says of the file's name in any case. Raises ValueError for a bracket
    or a brace that is not closed.
    """
    out: list[str] = []
    name = 0  # the place in `out` where the file's name begins
    open_braces = 0
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**/", at):
            out.append("(?:.*/)?")
            at += 3
            name = 0 if open_braces else len(out)
            continue
        if pattern.startswith("**", at):
            out.append(".*")
            at += 2
            continue
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "[":
            end = pattern.find("]", at + 2)
            if end < 0:
                raise ValueError(f"the bracket at character {at + 1} is not closed")
            members = pattern[at + 1 : end]
            negated = members[0] in "!^"
            members = re.escape(members[negated:]).replace(r"\-", "-")
            out.append(f"[{'^' if negated else ''}{members}]")
            at = end
        elif char == "{":
            open_braces += 1
            out.append("(?:")
        elif char == "," and open_braces:
            out.append("|")
        elif char == "}" and open_braces:
            open_braces -= 1
            out.append(")")
        else:
            out.append(re.escape(char))
            if char == "/" and not open_braces:
                name = len(out)
        at += 1
    if open_braces:
        raise ValueError("a brace is not closed")
    folders, file_name = "".join(out[:name]), "".join(out[name:])
    return re.compile(rf"{folders}(?i:{file_name})\Z", re.DOTALL)


def literal_prefix(pattern: str) -> str:
    """What every key that matches the pattern begins with, the name of the file's aside, which
    may be in any case: `sales/` for `sales/**/data_*` and for `sales/data_*`."""
    folders = re.split(r"[*?\[{]", pattern, maxsplit=1)[0]
    return folders[: folders.rfind("/") + 1]


def escape_glob(path: str) -> str:
    r"""The path as a glob that matches itself only: `a[1].csv` becomes `a\[1\].csv`.

    `read_files` takes a glob (https://docs.databricks.com/sql/language-manual/functions/read_files).
    Hadoop's globbing, which Spark uses, takes a backslash before a character as that character.
    A bracket set will not do instead: inside one, Hadoop still reads `*` and `?` as wildcards.
    """
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", path)


def unreadable_key(key: str) -> str | None:
    """Why Spark cannot read the object of this key by its path, or None when it can.

    Spark passes over names that begin with `_` or `.`, Hadoop's Path joins doubled slashes and
    resolves `.` and `..`, so it would read nothing or another object.
    """
    segments = key.split("/")
    if segments[-1].startswith(("_", ".")):
        return (
            f"the file name {segments[-1]!r} begins with {segments[-1][0]!r}: Spark takes such "
            "files for hidden and reads nothing from them; rename it"
        )
    if "" in segments:
        return (
            "the key has an empty folder name ('//'), which a Spark path cannot name; move the file"
        )
    if "." in segments or ".." in segments:
        return (
            "the key has a folder named '.' or '..', which a Spark path cannot name; move the file"
        )
    if ":" in key and escape_glob(key) != key:
        return (
            "the key has a colon and one of \\ * ? [ ] { }: Spark takes such a path for a glob, in "
            "which Hadoop takes what stands before a colon for a URL's scheme; rename it"
        )
    suffix = CSV_SUFFIX.search(key)
    if suffix and suffix.group(1) and suffix.group(1) != suffix.group(1).lower():
        return (
            f"the suffix {suffix.group(1)!r} is not in lower case, so Spark would not decompress "
            f"the file; rename it to {suffix.group(1).lower()!r}"
        )
    return None
