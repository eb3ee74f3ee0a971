"""Plans what to make in the workspace: what a bundle cannot make and is not there yet.

The names are the defaults of databricks.yml's variables, which begin with the bundle's name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from local_session.names import bundle_name


@dataclass(frozen=True)
class Names:
    """The names of what is made."""

    storage_credential: str
    service_credential: str
    secret_scope: str


def project_names() -> Names:
    """The names in the project of the working folder.

    Raises SessionError where it has no databricks.yml.
    """
    project = bundle_name()
    return Names(project, f"{project}_landing", project)


class CredentialKind(StrEnum):
    """The two kinds of credentials of Unity Catalog."""

    STORAGE = "storage credential"
    SERVICE = "service credential"


class StepAction(StrEnum):
    """The change that a step makes, or none."""

    CREATE = "create"
    CHANGE = "change"
    GRANT = "grant"
    KEEP = "keep"


@dataclass(frozen=True)
class Credential:
    """A credential of Unity Catalog over an IAM role. `external_id` is empty until it exists."""

    kind: CredentialKind
    name: str
    role_arn: str
    external_id: str = ""


@dataclass(frozen=True)
class Grant:
    """Privileges of a principal on a securable, whose type is named as in Unity Catalog's API."""

    securable_type: str
    securable: str
    principal: str
    privileges: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """A credential or a grant to make, change or keep; `text` says it to a person."""

    action: StepAction
    wanted: Credential | Grant
    text: str


def plan_credentials(
    wanted: Iterable[Credential], existing: Iterable[Credential | None]
) -> list[Step]:
    """A step for each wanted credential; `existing` has the one of the same name, or None."""
    steps = []
    for want, have in zip(wanted, existing, strict=True):
        what = f"{want.kind} {want.name}"
        if have is None:
            steps.append(Step(StepAction.CREATE, want, f"{what} over {want.role_arn}"))
        elif have.role_arn != want.role_arn:
            text = f"{what} to {want.role_arn}, from {have.role_arn}"
            steps.append(Step(StepAction.CHANGE, want, text))
        else:
            steps.append(Step(StepAction.KEEP, want, f"{what} over {want.role_arn}"))
    return steps


def wanted_grants(
    names: Names,
    principal: str,
    catalog: str,
    metastore: str,
    developers: str = "",
    readers: str = "",
) -> list[Grant]:
    """The grants for deploying the bundle and running the job, on prod and by developers on dev.

    `developers` and `readers` are account groups, or empty for none. The bundle itself grants what
    they need on the objects that it makes.
    """
    locations = ("CREATE_EXTERNAL_LOCATION",)
    build = ("USE_CATALOG", "CREATE_SCHEMA")
    grants = [
        Grant("metastore", metastore, principal, locations),
        Grant("storage_credential", names.storage_credential, principal, locations),
        Grant("credential", names.service_credential, principal, ("ACCESS",)),
        Grant("catalog", catalog, principal, build),
    ]
    if developers:
        grants.append(Grant("credential", names.service_credential, developers, ("ACCESS",)))
        grants.append(Grant("catalog", catalog, developers, build))
    if readers:
        grants.append(Grant("catalog", catalog, readers, ("USE_CATALOG",)))
    return grants


def plan_grants(wanted: Iterable[Grant], existing: Iterable[Iterable[str]]) -> list[Step]:
    """A step for each wanted grant; `existing` has the privileges that its principal holds already.

    No privilege is ever revoked.
    """
    steps = []
    for want, have in zip(wanted, existing, strict=True):
        held = set(have)
        missing = tuple(privilege for privilege in want.privileges if privilege not in held)
        action = StepAction.GRANT if missing else StepAction.KEEP
        grant = Grant(
            want.securable_type, want.securable, want.principal, missing or want.privileges
        )
        what = f"{want.securable_type.replace('_', ' ')} {want.securable}"
        text = f"{', '.join(grant.privileges)} on {what} to {want.principal}"
        steps.append(Step(action, grant, text))
    return steps
