"""Cheap random draws. They rest on `random.Random.random` alone, whose numbers never change."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A stream of draws, seeded for one file, so that any file can be made again by itself."""

    def __init__(self, *seed: object) -> None:
        self.random = random.Random(":".join(map(str, seed))).random  # noqa: S311

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each equally likely."""
        return choices[int(self.random() * len(choices))]

    def pick_front(self, choices: Sequence[T]) -> T:
        """One of the choices, the first likelier than the last."""
        return choices[int(self.random() ** 1.7 * len(choices))]

    def below(self, limit: int) -> int:
        """A whole number from 0 up to but not including `limit`."""
        return int(self.random() * limit)


class Defects:
    """Chooses which lines of a file are defective: about one in `every`.

    The kinds take turns, starting after the one numbered `first`, so that a small sample has all.
    """

    def __init__(self, dice: Dice, kinds: Sequence[str], every: int, first: int) -> None:
        self._dice, self._kinds, self._chance, self._next = dice, kinds, 1 / every, first

    def deal(self) -> str | None:
        """The kind of defect of the next line; None for a line without one."""
        if self._dice.random() >= self._chance:
            return None
        self._next += 1
        return self._kinds[self._next % len(self._kinds)]
