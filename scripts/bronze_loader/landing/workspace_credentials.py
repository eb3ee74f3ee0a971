"""Credentials that a workspace keeps for the loader, put into this process's environment.

A serverless Python task has no environment variables of its own, so the job names by options where
the credentials are; boto3 and the Databricks SDK then find them where they always look.
"""

from __future__ import annotations

import base64
import os
from typing import Any

from bronze_loader.errors import ConfigurationError

# The secrets of a scope that are taken; others in it are left alone.
FROM_SCOPE = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "DATABRICKS_HOST",
    "DATABRICKS_CLIENT_ID",
    "DATABRICKS_CLIENT_SECRET",
)


def take_credentials(service_credential: str | None, secret_scope: str | None) -> None:
    """Set AWS_* for the landing, and DATABRICKS_* for the warehouse where the scope has them.

    The service credential's keys last for an hour, which is enough: the landing is listed and its
    headers are read at the start. A secret has the name of its variable, in any case. Does nothing
    when neither is asked for. Raises ConfigurationError that names what cannot be had.

    https://docs.databricks.com/api/workspace/credentials/generatetemporaryservicecredential
    https://docs.databricks.com/api/workspace/secrets/getsecret
    """
    if not (service_credential or secret_scope):
        return
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.errors.base import DatabricksError

    what = "the workspace's credentials"
    try:
        workspace = WorkspaceClient()
        if secret_scope:
            what = f"the secret scope {secret_scope!r}"
            os.environ.update(_of_scope(workspace, secret_scope))
        if service_credential:
            what = f"the service credential {service_credential!r}"
            os.environ.update(_of_service_credential(workspace, service_credential))
    except (DatabricksError, ValueError) as error:
        raise ConfigurationError(
            f"cannot use {what}: {error}; `setup-databricks` makes it and grants its use"
        ) from error


def _of_scope(workspace: Any, scope: str) -> dict[str, str]:
    found = {}
    for secret in workspace.secrets.list_secrets(scope):
        variable = secret.key.upper().replace("-", "_")
        if variable in FROM_SCOPE:
            value = workspace.secrets.get_secret(scope, secret.key).value
            found[variable] = base64.b64decode(value).decode()
    return found


def _of_service_credential(workspace: Any, name: str) -> dict[str, str]:
    keys = workspace.credentials.generate_temporary_service_credential(name).aws_temp_credentials
    if keys is None:
        raise ValueError("it gives no AWS keys")
    return {
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_SESSION_TOKEN": keys.session_token,
    }
