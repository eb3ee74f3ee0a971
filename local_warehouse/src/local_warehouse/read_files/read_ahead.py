"""Reading ahead: a second thread fetches and decompresses while the first one parses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from queue import Queue
from threading import Event, Thread

# Blocks read ahead: a few megabytes.
_DEPTH = 16
# A file of fewer blocks is not worth a thread.
_DIRECT_BLOCKS = 2


def read_ahead(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same blocks, in order; an error of the second thread is raised from here."""
    direct = list(islice(blocks, _DIRECT_BLOCKS))
    yield from direct
    if len(direct) < _DIRECT_BLOCKS:
        return
    queue: Queue[bytes | BaseException | None] = Queue(_DEPTH)
    stopped = Event()

    def read() -> None:
        try:
            for block in blocks:
                queue.put(block)
                if stopped.is_set():
                    return
            queue.put(None)
        except BaseException as error:
            queue.put(error)

    thread = Thread(target=read, name="read_files-ahead", daemon=True)
    thread.start()
    try:
        while (item := queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        while thread.is_alive():
            # Room for the block that the thread may be waiting to hand over.
            while not queue.empty():
                queue.get_nowait()
            thread.join(timeout=0.05)
