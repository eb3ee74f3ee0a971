"""Retries: a statement is run again after a transient error, with growing pauses."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import Any

from bronze_loader.warehouse.connection import StatementFailed, StatementRunner, TransientError

log = logging.getLogger(__name__)

ATTEMPTS = 6
LONGEST_PAUSE = 20.0  # seconds


class RetryingWarehouse:
    """A warehouse that runs a statement again after a TransientError, and after no other error.

    Every statement of the loader may be run twice: loading and logging replace what a first attempt
    wrote, and CREATE is IF NOT EXISTS.
    """

    def __init__(
        self,
        inner: StatementRunner,
        before_each: Callable[[], None] = lambda: None,
        after_failure: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`before_each` is called before each attempt, to raise when it must not be made;
        `after_failure` when a statement has failed, to raise when it is not the statement's fault.
        """
        self._inner = inner
        self._before_each = before_each
        self._after_failure = after_failure
        self._sleep = sleep

    def run(self, statement: str) -> list[dict[str, Any]]:
        """Run one statement, at most ATTEMPTS times; gives its rows by column name.

        Raises the error of the last attempt, or what `before_each` or `after_failure` raises.
        """
        for attempt in range(ATTEMPTS):
            self._before_each()
            try:
                return self._inner.run(statement)
            except StatementFailed:
                self._after_failure()
                raise
            except TransientError as error:
                if attempt == ATTEMPTS - 1:
                    raise
                pause = min(LONGEST_PAUSE, 2.0**attempt) * random.uniform(0.5, 1.0)  # noqa: S311
                log.warning("attempt %d of %d: %s; trying again in %.1f s",
                            attempt + 1, ATTEMPTS, error, pause)  # fmt: skip
                self._sleep(pause)
        raise AssertionError("unreachable")
