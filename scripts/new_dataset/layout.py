"""Lists and mappings in lines of up to 100 characters, as the models and their YAML have them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

WIDTH = 100
ROW_WIDTH = 140  # of a row of a unit test, which compares best in one line


def folded(text: str, margin: str) -> str:
    """The text in lines that each begin with the margin, such as `-- `."""
    return textwrap.fill(
        text, WIDTH, initial_indent=margin, subsequent_indent=margin, break_long_words=False
    )


def filled(items: Sequence[str], indent: int) -> str:
    """The items, each with a comma behind it, in as few lines as hold them."""
    margin = " " * indent
    lines = [margin]
    for item in items:
        if len(lines[-1]) > indent and len(lines[-1]) + len(item) + 2 > WIDTH:
            lines.append(margin)
        lines[-1] += f"{item}, "
    return "\n".join(line.rstrip() for line in lines)


def jinja_list(names: Iterable[str], before: str, behind: str, indent: int = 0) -> str:
    """`before['a', 'b']behind` in one line where it fits, else the names in lines of their own."""
    items = [f"'{name}'" for name in names]
    line = f"{before}[{', '.join(items)}]{behind}"
    if indent + len(line) <= WIDTH:
        return line
    margin = " " * indent
    return f"{before}[\n{filled(items, indent + 4)}\n{margin}]{behind}"


def jinja_dict(values: Mapping[str, str], before: str, behind: str, indent: int = 0) -> str:
    """`before{'a': 'b'}behind` in one line where it fits, else the items in lines of their own."""
    items = [f"'{name}': '{value}'" for name, value in values.items()]
    line = f"{before}{{{', '.join(items)}}}{behind}"
    if indent + len(line) <= WIDTH:
        return line
    return f"{before}{{\n{filled(items, indent + 4)}\n{' ' * indent}}}{behind}"


def yaml_list(names: Sequence[str], before: str, indent: int) -> str:
    """`before[a, b]` in one line where it fits, else the names in lines of their own."""
    line = f"{before}[{', '.join(names)}]"
    if indent + len(line) <= WIDTH:
        return line
    return f"{before}[\n{filled(names, indent + 4)}\n{' ' * indent}]"


def yaml_row(before: str, pairs: Iterable[tuple[str, str]], indent: int) -> str:
    """`- before{a: 1, b: 2}`, a row of a unit test, likewise."""
    items = [f"{name}: {value}" for name, value in pairs]
    margin = " " * indent
    line = f"{margin}- {before}{{{', '.join(items)}}}"
    if len(line) <= ROW_WIDTH or len(items) <= 3:
        return line
    return f"{margin}- {before}{{\n{filled(items, indent + 4)}\n{margin}  }}"
