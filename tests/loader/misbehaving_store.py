"""An S3 client that misbehaves as a store or a network does, when it is told to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError


class MisbehavingClient:
    """An S3 client in front of another.

    `older` is added to the age of every object, `ignores` are conditions that PUT does not heed,
    `conflicts` counts the PUTs to be refused as simultaneous. The flags hold for one PUT, which is
    carried out: its answer is lost, it is sent twice as boto3 does on a lost answer, or an
    interrupt comes.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.older = timedelta()
        self.ignores: tuple[str, ...] = ()
        self.conflicts = 0
        self.lose_answer = False
        self.send_twice = False
        self.interrupted = False

    def get_object(self, **arguments: Any) -> Any:
        answer = self.inner.get_object(**arguments)
        return {**answer, "LastModified": answer["LastModified"] - self.older}

    def put_object(self, **arguments: Any) -> Any:
        if self.conflicts:
            self.conflicts -= 1
            answer = {"Error": {"Code": "ConditionalRequestConflict"}}
            raise ClientError(answer, "PutObject")  # type: ignore[arg-type]
        kept = {name: value for name, value in arguments.items() if name not in self.ignores}
        answer = self.inner.put_object(**kept)
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt
        if self.send_twice:
            self.send_twice = False
            return self.inner.put_object(**kept)
        if self.lose_answer:
            self.lose_answer = False
            raise ReadTimeoutError(endpoint_url="s3")
        return answer
