"""The workspace, as far as the setup reads and changes it, through databricks-sdk.

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

from databricks_setup.plan import Action, Credential, Grant, Kind, Step


class Workspace:
    """Reads what is there and carries out steps. Every call may raise DatabricksError."""

    def __init__(self, client: WorkspaceClient) -> None:
        self._client = client

    @property
    def host(self) -> str:
        return self._client.config.host or ""

    def credential(self, kind: Kind, name: str) -> Credential | None:
        """The credential of that name, None when there is none."""
        role: AwsIamRole | AwsIamRoleResponse | None
        try:
            if kind is Kind.STORAGE:
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
        """What the grant's principal holds on its securable."""
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
        """Do it; a step that keeps something does nothing."""
        match step.action, step.wanted:
            case Action.CREATE, Credential() as wanted:
                self._create(wanted)
            case Action.CHANGE, Credential() as wanted:
                self._change(wanted)
            case Action.GRANT, Grant() as grant:
                change = PermissionsChange(
                    add=[Privilege(name) for name in grant.privileges], principal=grant.principal
                )
                self._client.grants.update(grant.securable_type, grant.securable, changes=[change])

    def _create(self, wanted: Credential) -> None:
        """Without validation: the role cannot trust an external id that does not exist yet."""
        comment = "Made by setup-databricks for the sales lakehouse."
        if wanted.kind is Kind.STORAGE:
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
        if wanted.kind is Kind.STORAGE:
            self._client.storage_credentials.update(
                wanted.name, aws_iam_role=AwsIamRoleRequest(wanted.role_arn), skip_validation=True
            )
        else:
            self._client.credentials.update_credential(
                wanted.name, aws_iam_role=AwsIamRole(role_arn=wanted.role_arn), skip_validation=True
            )

    def remove(self, kind: Kind, name: str) -> None:
        """Delete the credential. Databricks refuses while an external location uses it."""
        if kind is Kind.STORAGE:
            self._client.storage_credentials.delete(name)
        else:
            self._client.credentials.delete_credential(name)

    def has_scope(self, scope: str) -> bool:
        return any(found.name == scope for found in self._client.secrets.list_scopes())

    def put_secret(self, scope: str, key: str, value: str) -> None:
        self._client.secrets.put_secret(scope, key, string_value=value)
