"""S3's errors, as errors of the loader that say what to do next.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeAlias

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from bronze_loader.errors import (
    AccessDenied,
    ConfigurationError,
    LoaderError,
    RequestRefused,
    StoreUnreachable,
)

S3Error: TypeAlias = BotoCoreError | ClientError

NO_CREDENTIALS = (
    "no AWS credentials in the environment (AWS_ACCESS_KEY_ID, AWS_PROFILE, …); on a laptop "
    "load-bronze needs none, and no other setting"
)
ABSENT = ("NoSuchKey", "404")
REFUSED = ("PreconditionFailed", "412")
CONFLICT = ("ConditionalRequestConflict", "409")  # two at the same time: to be sent again
NO_BUCKET = "NoSuchBucket"
_DENIED = ("AccessDenied", "AllAccessDisabled", "AccountProblem", "403")
_WRONG_KEYS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken")
_WRONG_CLOCK = ("RequestTimeTooSkewed", "RequestExpired")


def code(error: S3Error) -> str:
    """S3's code for the error, or the HTTP status of an answer without a body; empty for an error
    that is not S3's."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def _said(error: ClientError) -> str:
    """`NoSuchKey: The specified key does not exist.`"""
    return f"{code(error)}: {error.response.get('Error', {}).get('Message', '')}"


def explained(error: S3Error, doing: str, permission: str) -> LoaderError:
    """The error to raise for one of botocore's, when `doing` ("read s3://…") needs `permission`."""
    cannot, said = f"cannot {doing}", code(error)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return ConfigurationError(f"{cannot}: {NO_CREDENTIALS}")
    if isinstance(error, BotoCoreError):
        return StoreUnreachable(f"{cannot}: the store does not answer as it should: {error}")
    if said in _WRONG_KEYS:
        return ConfigurationError(
            f"{cannot}: the store does not accept the AWS credentials ({_said(error)}); see "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN or the profile"
        )
    if said in _WRONG_CLOCK:
        return ConfigurationError(
            f"{cannot}: {_clocks(error)}, and the store accepts no request then; set the clock"
        )
    if said in _DENIED:
        return AccessDenied(
            f"{cannot}: the AWS credentials do not have the permission {permission} there "
            f"({_said(error)})"
        )
    return RequestRefused(f"{cannot}: {_said(error)}")


def _clocks(error: ClientError) -> str:
    """How far this machine's clock is from the store's."""
    here = datetime.now(UTC)
    answer = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if not answer:
        return f"this machine's clock, {here:%Y-%m-%d %H:%M} UTC, is not the store's"
    there = parsedate_to_datetime(answer)
    return (
        f"this machine's clock says {here:%Y-%m-%d %H:%M} UTC, the store's {there:%Y-%m-%d %H:%M}"
    )
