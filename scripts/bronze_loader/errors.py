"""What can stop a run, each with the exit code it ends in, and what can stop one file.

LoaderError                 1
    ConfigurationError      2
    StoreUnreachable        1
    RequestRefused          1
        AccessDenied        2
    RefusedFile             3
    StatementFailed         1  (warehouse.connection)
    TransientError          1  (warehouse.connection)
    LeaseHeld               4  (lease.lease)
    LeaseLost               1  (lease.lease)
Refused                     one file
ChangedWhileLoading         one file
"""

from __future__ import annotations

DONE, FAILED, WRONG_USE, SOME_REFUSED, HELD = 0, 1, 2, 3, 4


class LoaderError(Exception):
    """The run cannot go on. The message says what happened, to what, and what to do next."""

    exit_code = FAILED


class ConfigurationError(LoaderError):
    """The command line, the environment or the source YAML asks for something impossible."""

    exit_code = WRONG_USE


class StoreUnreachable(LoaderError):
    """S3 did not answer, or not as S3 does."""


class RequestRefused(LoaderError):
    """S3 refused a request on an object or a bucket."""


class AccessDenied(RequestRefused):
    """The AWS credentials lack a permission."""

    exit_code = WRONG_USE


class RefusedFile(LoaderError):
    """A file was refused, and the run was asked to stop at the first."""

    exit_code = SOME_REFUSED


class Refused(Exception):
    """A file cannot be loaded correctly; the message is the reason that the load log keeps."""


class ChangedWhileLoading(Exception):
    """The object was replaced or deleted after it was listed; the next run takes it up."""
