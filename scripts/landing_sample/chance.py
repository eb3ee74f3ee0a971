"""Random draws that cost little and only rest on `random.Random.random`, which never changes."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """One stream of draws for one file, so that any file can be made again by itself."""

    def __init__(self, *seed: object) -> None:
        self.random = random.Random(":".join(map(str, seed))).random  # noqa: S311

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self.random() * len(choices))]

    def pick_front(self, choices: Sequence[T]) -> T:
        """A choice of which the front is likelier than the end."""
        return choices[int(self.random() ** 1.7 * len(choices))]

    def below(self, limit: int) -> int:
        return int(self.random() * limit)


class Defects:
    """Deals the defects of a file: about one line in `every`, and each kind in its turn, so that a
    small sample has all of them too."""

    def __init__(self, dice: Dice, kinds: Sequence[str], every: int, first: int) -> None:
        self._dice, self._kinds, self._chance, self._next = dice, kinds, 1 / every, first

    def deal(self) -> str | None:
        if self._dice.random() >= self._chance:
            return None
        self._next += 1
        return self._kinds[self._next % len(self._kinds)]
