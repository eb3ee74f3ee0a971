"""The workspace, as far as setup-databricks reads and changes it, through databricks-sdk.

https://docs.databricks.com/api/workspace/storagecredentials and …/credentials, …/grants, …/secrets
"""

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.catalog import (
    AwsIamRole,
    AwsIamRoleRequest,
    AwsIamRoleResponse,
    CredentialPurpose,
    PermissionsChange,
    Privilege,
)

from databricks_setup.setup_plan import Credential, CredentialKind, Grant, Step, StepAction


class Workspace:
    """A workspace, to read and to carry out steps in. Every call may raise DatabricksError."""

    def __init__(self, client: WorkspaceClient) -> None:
        self._client = client

    @property
    def host(self) -> str:
        """The URL of the workspace."""
        return self._client.config.host or ""

    def credential(self, kind: CredentialKind, name: str) -> Credential | None:
        """The credential of that kind and name, None when there is none."""
        role: AwsIamRole | AwsIamRoleResponse | None
        try:
            if kind is CredentialKind.STORAGE:
                role = self._client.storage_credentials.get(name).aws_iam_role
            else:
                role = self._client.credentials.get_credential(name).aws_iam_role
        except NotFound:
            return None
        if role is None:
            return Credential(kind, name, "no IAM role")
        return Credential(kind, name, role.role_arn or "", role.external_id or "")

    def metastore(self) -> str:
        """The id of the metastore that the workspace uses."""
        return self._client.metastores.current().metastore_id or ""

    def privileges(self, grant: Grant) -> list[str]:
        """The privileges that the grant's principal holds on its securable."""
        held = self._client.grants.get(
            grant.securable_type, grant.securable, principal=grant.principal
        )
        return [
            privilege.value
            for assignment in held.privilege_assignments or []
            if assignment.principal == grant.principal
            for privilege in assignment.privileges or []
        ]

    def carry_out(self, step: Step) -> None:
        """Make the step's change; a step that keeps something changes nothing."""
        match step.action, step.wanted:
            case StepAction.CREATE, Credential() as wanted:
                self._create(wanted)
            case StepAction.CHANGE, Credential() as wanted:
                self._change(wanted)
            case StepAction.GRANT, Grant() as grant:
                change = PermissionsChange(
                    add=[Privilege(name) for name in grant.privileges], principal=grant.principal
                )
                self._client.grants.update(grant.securable_type, grant.securable, changes=[change])

    def _create(self, wanted: Credential) -> None:
        """Create without validation: the role cannot yet trust the external id chosen here."""
        comment = "Made by setup-databricks for the sales lakehouse."
        if wanted.kind is CredentialKind.STORAGE:
            self._client.storage_credentials.create(
                wanted.name,
                aws_iam_role=AwsIamRoleRequest(wanted.role_arn),
                comment=comment,
                skip_validation=True,
            )
        else:
            self._client.credentials.create_credential(
                wanted.name,
                aws_iam_role=AwsIamRole(role_arn=wanted.role_arn),
                comment=comment,
                purpose=CredentialPurpose.SERVICE,
                skip_validation=True,
            )

    def _change(self, wanted: Credential) -> None:
        if wanted.kind is CredentialKind.STORAGE:
            self._client.storage_credentials.update(
                wanted.name, aws_iam_role=AwsIamRoleRequest(wanted.role_arn), skip_validation=True
            )
        else:
            self._client.credentials.update_credential(
                wanted.name, aws_iam_role=AwsIamRole(role_arn=wanted.role_arn), skip_validation=True
            )

    def remove(self, kind: CredentialKind, name: str) -> None:
        """Delete the credential. Databricks refuses as long as an external location uses it."""
        if kind is CredentialKind.STORAGE:
            self._client.storage_credentials.delete(name)
        else:
            self._client.credentials.delete_credential(name)

    def has_scope(self, scope: str) -> bool:
        """Whether there is a secret scope of that name."""
        return any(found.name == scope for found in self._client.secrets.list_scopes())

    def put_secret(self, scope: str, key: str, value: str) -> None:
        """Set the value of a key in a secret scope, in place of one that is there."""
        self._client.secrets.put_secret(scope, key, string_value=value)
