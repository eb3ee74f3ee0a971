"""Tells dbt where this project's profiles.yml is; Python imports it at each start (profiles.pth).

dbt itself looks into the working folder alone. It is told for a command that is run below the
project's folder, or that names the project by `--project-dir` or DBT_PROJECT_DIR.
"""

import os
import sys

_PROJECT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120
_OPTION = "--project-dir"


def _named() -> str:
    """The project's folder as the command names it; empty when it does not."""
    words = sys.orig_argv
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == _OPTION:
            return following
        if word.startswith(f"{_OPTION}="):
            return word.removeprefix(f"{_OPTION}=")
    return os.environ.get("DBT_PROJECT_DIR", "")


def _is_meant() -> bool:
    try:
        named = _named()
        return os.getcwd().startswith(f"{_PROJECT}/") or bool(  # noqa: PTH109
            named and os.path.realpath(named) == _PROJECT
        )
    except (OSError, ValueError):  # the working folder is gone
        return False


if "DBT_PROFILES_DIR" not in os.environ and _is_meant():
    os.environ["DBT_PROFILES_DIR"] = _PROJECT
