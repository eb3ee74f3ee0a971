r"""Classes of characters such as `[\x00-\x08\uFFFD]`, and whether columns of text may have one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

_CHARACTER = r"(\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|[A-Za-z0-9 _])"
_MEMBER = re.compile(f"{_CHARACTER}(?:-{_CHARACTER})?")
_CLASS = re.compile(rf"\[(?:{_MEMBER.pattern})+\]")
_BLOCK = 256 * 1024  # bytes that fit a processor's cache
_MOST_COUNTED = 8  # characters below a blank that are not of the class


@dataclass(frozen=True)
class CharacterClass:
    """A class by the ranges of its code points, both ends included."""

    ranges: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, pattern: str) -> CharacterClass | None:
        """The class of a regular expression that is one and nothing else, or None."""
        if not _CLASS.fullmatch(pattern):
            return None
        ranges = []
        for member in _MEMBER.finditer(pattern, 1, len(pattern) - 1):
            low, high = (_code(part) for part in (member[1], member[2] or member[1]))
            if low > high:
                return None
            ranges.append((low, high))
        return cls(tuple(ranges))

    @property
    def pattern(self) -> str:
        """The class in the syntax of RE2."""
        return "[" + "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in self.ranges) + "]"

    def may_be_in(self, column: Any) -> bool:
        """Whether an Arrow column of strings may have such a character: a look at its bytes, which
        takes other rows of its buffer into account too. False is certain."""
        buffer = column.buffers()[2]
        values = np.frombuffer(b"" if buffer is None else buffer, np.uint8)
        blocks = (values[start : start + _BLOCK + 3] for start in range(0, values.size, _BLOCK))
        return any(self._may_be_in(block) for block in blocks)

    @cached_property
    def _allowed_controls(self) -> list[bytes]:
        return [bytes([c]) for c in range(32) if not self._has(c)]

    @cached_property
    def _ascii(self) -> list[bytes]:
        """The characters of the class from the blank to DELETE."""
        return [bytes([c]) for c in range(32, 128) if self._has(c)]

    @cached_property
    def _is_never_printable(self) -> bool:
        return all(character == b"\x7f" for character in self._ascii)

    @cached_property
    def _wide(self) -> re.Pattern[bytes]:
        """What the characters beyond ASCII look like in UTF-8: all of them, or their first byte."""
        found = []
        for low, high in self.ranges:
            low = max(low, 128)
            if low > high:
                continue
            first, last = chr(low).encode(), chr(high).encode()
            if first[:-1] == last[:-1]:
                found.append(re.escape(first[:-1]) + b"[\\x%02x-\\x%02x]" % (first[-1], last[-1]))
            else:
                found.append(b"[\\x%02x-\\x%02x]" % (first[0], last[0]))
        return re.compile(b"|".join(found) or b"(?!)")

    def _has(self, code: int) -> bool:
        return any(low <= code <= high for low, high in self.ranges)

    def _may_be_in(self, values: npt.NDArray[np.uint8]) -> bool:
        if self._is_never_printable and values.min() >= 0x20 and values.max() < 0x7F:
            return False  # of most texts, in a quarter of the time of what follows
        data = values.tobytes()
        if len(self._allowed_controls) < 32:
            if len(self._allowed_controls) > _MOST_COUNTED:
                return True
            controls = int(np.count_nonzero(values < 0x20))
            if controls and controls != sum(map(data.count, self._allowed_controls)):
                return True
        if any(character in data for character in self._ascii):
            return True
        return not data.isascii() and self._wide.search(data) is not None


def _code(part: str) -> int:
    return int(part[2:], 16) if part[0] == "\\" else ord(part)
