"""Requests that are answered with an HTTP status, as by the gateway in front of Databricks' SQL
warehouses, in place of an error status within a Thrift message."""

from __future__ import annotations

import uuid

from thrift.transport.TTransport import TTransportException

PARAMETERS = 10_000  # of one statement


class RequestRefused(TTransportException):  # type: ignore[misc]
    """A request that is refused with an HTTP status, and with a message that clients show.

    Thrift's processor lets exceptions of this kind pass; of others it makes "Internal error".
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message=message)
        self.status = status
        self.message = message


def operation_not_found(guid: bytes) -> RequestRefused:
    """The refusal of a request about an operation that was closed, or never was."""
    name = uuid.UUID(bytes=guid) if len(guid) == 16 else guid.hex()
    return RequestRefused(404, f"RESOURCE_DOES_NOT_EXIST: Command {name} does not exist.")


def too_many_parameters(count: int) -> RequestRefused:
    """The refusal of a statement with more than 10,000 parameters."""
    return RequestRefused(
        400,
        f"BAD_REQUEST: Parameterized query has too many parameters: {count} parameters were given"
        f" but the limit is {PARAMETERS}.",
    )
