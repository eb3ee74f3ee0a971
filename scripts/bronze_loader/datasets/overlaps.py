"""Whether two globs over keys have a key in common: the product of their automata, searched in
breadth, so that the shortest such key is found."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from bronze_loader.datasets.globs import compile_glob

_SUFFIXES = ("**.csv", "**.csv.gz", "**.csv.bz2", "**.csv.zst")
_OTHERS = "x1_/\ue000"  # characters that stand for those that no glob names

_State = tuple[int, bool]  # the place among the parts, and whether inside of `**/`


def common_key(first: str, second: str) -> str | None:
    """A key of a CSV file, in lower case, that both globs match in any case; None when there is
    none."""
    for one in _alternatives(first.lower()):
        for other in _alternatives(second.lower()):
            for suffix in _SUFFIXES:
                key = _shared([_parts(one), _parts(other), _parts(suffix)])
                if key is not None:
                    return key
    return None


def _alternatives(glob: str) -> list[str]:
    """The globs without braces that one with braces stands for."""
    start = glob.find("{")
    if start < 0:
        return [glob]
    depth, parts, begin = 0, [], start + 1
    for at in range(start, len(glob)):
        char = glob[at]
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth == 0 or (depth == 1 and char == ","):
            parts.append(glob[begin:at])
            begin = at + 1
        if depth == 0:
            return [
                whole
                for part in parts
                for whole in _alternatives(glob[:start] + part + glob[at + 1 :])
            ]
    return [glob]  # a brace that is not closed: the declaration is refused elsewhere


def _parts(glob: str) -> list[str]:
    parts = []
    at = 0
    while at < len(glob):
        part = next((wide for wide in ("**/", "**") if glob.startswith(wide, at)), glob[at])
        if part == "[":
            part = glob[at : glob.index("]", at + 2) + 1]
        parts.append(part)
        at += len(part)
    return parts


def _shared(globs: Sequence[list[str]]) -> str | None:
    """The shortest text that all the globs match."""
    named = {char for parts in globs for part in parts for char in part}
    alphabet = [*dict.fromkeys((*_OTHERS, *sorted(named)))]
    start = tuple(_without_a_step(parts, {(0, False)}) for parts in globs)
    seen = {start}
    queue = deque([(start, "")])
    while queue:
        states, text = queue.popleft()
        if all((len(parts), False) in some for parts, some in zip(globs, states, strict=True)):
            return text.replace("\ue000", "?")
        for char in alphabet:
            following = tuple(
                _without_a_step(parts, set(_step(parts, some, char)))
                for parts, some in zip(globs, states, strict=True)
            )
            if all(following) and following not in seen:
                seen.add(following)
                queue.append((following, text + char))
    return None


def _without_a_step(parts: list[str], states: set[_State]) -> frozenset[_State]:
    """The states, and those that are reached from them with no character."""
    reached, todo = set(states), list(states)
    while todo:
        place, inside = todo.pop()
        more: list[_State] = []
        if not inside and place < len(parts) and parts[place] in ("*", "**", "**/"):
            more.append((place + 1, False))
            if parts[place] == "**/":
                more.append((place, True))
        new = [state for state in more if state not in reached]
        reached.update(new)
        todo += new
    return frozenset(reached)


def _step(parts: list[str], states: frozenset[_State], char: str) -> Iterator[_State]:
    for place, inside in states:
        if place == len(parts):
            continue
        part = parts[place]
        if inside:
            yield place, True
            if char == "/":
                yield place + 1, False
        elif part in ("*", "**"):
            if part == "**" or char != "/":
                yield place, False
        elif part == "?":
            if char != "/":
                yield place + 1, False
        elif len(part) > 1 and part != "**/":
            if compile_glob(part).match(char):
                yield place + 1, False
        elif char == part:
            yield place + 1, False
