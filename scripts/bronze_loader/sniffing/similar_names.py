"""Which new name in a header may stand for a declared one that the header lacks."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from bronze_loader.datasets.declaration import Dataset

_SHORTEST = 3  # characters of a name that another may begin with


def did_you_mean(missing: Iterable[str], new: Sequence[str], dataset: Dataset) -> str:
    """`; did you mean …` for each missing name that a new one resembles, else nothing."""
    squeezed = {other.replace("_", ""): other for other in new}
    said: dict[str, str] = {}
    for name in missing:
        for known in (
            name,
            *(alias for alias, column in dataset.aliases.items() if column == name),
        ):
            similar = _similar(known.replace("_", ""), list(squeezed))
            if similar and name not in said:
                said[name] = squeezed[similar]
    if not said:
        return ""
    asked = " and ".join(f"`{name}` by `{other}`" for name, other in said.items())
    name, other = next(iter(said.items()))
    return (
        f"; did you mean {asked}? If so declare it in the source YAML, as in "
        f"`meta: {{aliases: [{other}]}}` on the column {name}"
    )


def _similar(name: str, others: Sequence[str]) -> str | None:
    """The one of the others that is most like a name, or one that begins as the whole of it does,
    or as which it begins."""
    close = difflib.get_close_matches(name, others, n=1, cutoff=0.7)
    longer = [
        other
        for other in others
        if min(len(name), len(other)) >= _SHORTEST
        and (other.startswith(name) or name.startswith(other))
    ]
    return next(iter(close or longer), None)
