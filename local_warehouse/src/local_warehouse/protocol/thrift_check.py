"""The check of a Thrift message's shape, before it is decoded.

The decoder, written in C, calls itself for each level, so that a message of many levels would end
the process; and it allocates what a container says its size is.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice, repeat

from thrift.Thrift import TType

_DEPTH = 64  # levels; those of TCLIService have some ten
_VERSION = 0x8001  # of the strict protocol, in front of a message's kind
_WIDTHS = {
    TType.BOOL: 1,
    TType.BYTE: 1,
    TType.I16: 2,
    TType.I32: 4,
    TType.I64: 8,
    TType.DOUBLE: 8,
}


def check(message: bytes) -> None:
    """Raise ValueError for what is no message, or one of more than 64 levels."""
    reader = _Reader(message)
    if int.from_bytes(message[:2]) != _VERSION:
        raise ValueError("no message of the binary protocol")
    reader.skip(4)
    reader.skip(reader.size())  # the method's name
    reader.skip(4)
    open_values = [_fields(reader)]  # the types of what each of them still holds
    while open_values:
        kind = next(open_values[-1], None)
        if kind is None:
            open_values.pop()
        elif kind in _WIDTHS:
            reader.skip(_WIDTHS[kind])
        elif kind == TType.STRING:
            reader.skip(reader.size())
        elif kind == TType.STRUCT:
            open_values.append(_fields(reader))
        elif kind in (TType.LIST, TType.SET):
            element, size = reader.byte(), reader.size()
            if element in _WIDTHS:
                reader.skip(_WIDTHS[element] * size)
            else:
                open_values.append(repeat(element, size))
        elif kind == TType.MAP:
            pair, size = (reader.byte(), reader.byte()), reader.size()
            open_values.append(islice(cycle(pair), 2 * size))
        else:
            raise ValueError(f"there is no type {kind}")
        if len(open_values) > _DEPTH:
            raise ValueError(f"more than {_DEPTH} levels")


class _Reader:
    def __init__(self, message: bytes) -> None:
        self._message = message
        self._at = 0

    def skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._message):
            raise ValueError("the message ends too early")

    def byte(self) -> int:
        self.skip(1)
        return self._message[self._at - 1]

    def size(self) -> int:
        """The size of a text or a container; none is larger than what is left of the message."""
        self.skip(4)
        size = int.from_bytes(self._message[self._at - 4 : self._at], signed=True)
        if not 0 <= size <= len(self._message) - self._at:
            raise ValueError(f"a size of {size}")
        return size


def _fields(reader: _Reader) -> Iterator[int]:
    while (kind := reader.byte()) != TType.STOP:
        reader.skip(2)  # its number
        yield kind
