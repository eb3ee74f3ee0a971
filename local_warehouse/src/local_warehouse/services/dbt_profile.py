"""The settings of this warehouse in a project's profiles.yml, so that plain `dbt` finds it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from local_warehouse.services.state import write_private

# What stands between two lines that begin with these comments is kept up to date.
BEGIN, END = "# local-warehouse: begin", "# local-warehouse: end"
_BLOCK = re.compile(rf"^[ \t]*{BEGIN}.*?^[ \t]*{END}", re.MULTILINE | re.DOTALL)
_ENV_VAR = re.compile(r"env_var\(\s*'(?P<name>\w+)'\s*(?:,\s*'[^'\\]*'\s*(?:% \([\d, ]+\)\s*)?)?\)")
# What ends a string of Jinja's or a scalar of YAML's, or is an escape in one of them.
_ODD = re.compile(r"['\"\\{}\n]|(?<=\s)#|:(?=\s)")


def refresh(profiles: Path, environment: Mapping[str, str]) -> bool:
    """Write this warehouse's settings into a profiles.yml; return whether the file changed.

    Between the marks, each `env_var('NAME')` of a variable of `environment` gets its value as the
    default: the variable wins where it is set, as in `exec`, and dbt needs none where it is not.
    The file holds a token then, and only its owner can read it. A file without marks, or none, is
    left alone.
    """
    try:
        content = profiles.read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return False

    def with_default(call: re.Match[str]) -> str:
        value = environment.get(call["name"])
        return call[0] if value is None else f"env_var('{call['name']}', {_text(value)})"

    changed = _BLOCK.sub(lambda block: _ENV_VAR.sub(with_default, block[0]), content)
    if changed == content:
        return False
    write_private(profiles, changed)
    return True


def _text(value: str) -> str:
    """A value as an expression of Jinja that needs no escapes, whatever YAML's quotes around it;
    signs such as the quote in a folder's name are in it by their numbers."""
    odd = [str(ord(sign)) for sign in _ODD.findall(value)]
    if not odd:
        return f"'{value}'"
    plain = _ODD.sub("%c", value.replace("%", "%%"))
    return f"'{plain}' % ({', '.join(odd)},)"
