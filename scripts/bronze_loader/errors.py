"""What can stop a run, each with the exit code it ends in, and what can stop one file."""

from __future__ import annotations

DONE, FAILED, WRONG_USE, SOME_REFUSED, HELD = 0, 1, 2, 3, 4


class LoaderError(Exception):
    """The run cannot go on. The message says what happened, to what, and what to do next."""

    exit_code = FAILED


class ConfigurationError(LoaderError):
    """The command line, the environment or the source YAML asks for something impossible."""

    exit_code = WRONG_USE


class StoreUnreachable(LoaderError):
    """S3 did not answer, or not in its own words."""


class RequestRefused(LoaderError):
    """S3 answered that it does not do this with this object or bucket."""


class AccessDenied(RequestRefused):
    """The credentials may not do it."""

    exit_code = WRONG_USE


class RefusedFile(LoaderError):
    """A file was refused, and the run was asked to stop at the first."""

    exit_code = SOME_REFUSED


class Refused(Exception):
    """This file cannot be loaded correctly; the message is the reason kept in the load log."""


class ChangedWhileLoading(Exception):
    """The object was replaced or deleted after it was listed; the next run takes it up."""
