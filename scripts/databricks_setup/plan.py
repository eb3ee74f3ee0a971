"""What the workspace needs that a bundle cannot make, held against what is there.

Pure; nothing here does I/O. The names are the defaults of databricks.yml's variables.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

STORAGE_CREDENTIAL = "sales_lakehouse"
SERVICE_CREDENTIAL = "sales_landing"
SECRET_SCOPE = "sales_lakehouse"  # noqa: S105 - a name, no secret


class Kind(StrEnum):
    """The two kinds of credentials of Unity Catalog."""

    STORAGE = "storage credential"
    SERVICE = "service credential"


class Action(StrEnum):
    """What is to be done about something wanted."""

    CREATE = "create"
    CHANGE = "change"
    GRANT = "grant"
    KEEP = "keep"


@dataclass(frozen=True)
class Credential:
    """A credential of Unity Catalog over an IAM role. `external_id` is known once it exists."""

    kind: Kind
    name: str
    role_arn: str
    external_id: str = ""


@dataclass(frozen=True)
class Grant:
    """Privileges on a securable, as Unity Catalog's API names its type; for one principal."""

    securable_type: str
    securable: str
    principal: str
    privileges: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One thing to do, or to leave as it is; `text` says it to a person."""

    action: Action
    wanted: Credential | Grant
    text: str


def plan_credentials(
    wanted: Iterable[Credential], found: Iterable[Credential | None]
) -> list[Step]:
    """A step for each wanted credential; `found` has the one of the same name, or None."""
    steps = []
    for want, have in zip(wanted, found, strict=True):
        what = f"{want.kind} {want.name}"
        if have is None:
            steps.append(Step(Action.CREATE, want, f"{what} over {want.role_arn}"))
        elif have.role_arn != want.role_arn:
            text = f"{what} to {want.role_arn}, from {have.role_arn}"
            steps.append(Step(Action.CHANGE, want, text))
        else:
            steps.append(Step(Action.KEEP, want, f"{what} over {want.role_arn}"))
    return steps


def wanted_grants(
    principal: str, catalog: str, metastore: str, developers: str = "", readers: str = ""
) -> list[Grant]:
    """What deploying the bundle and running the job take, on prod and for developers on dev.

    `developers` and `readers` are account groups, or empty for none. All else that they need is
    granted by the bundle on what it makes.
    """
    locations = ("CREATE_EXTERNAL_LOCATION",)
    build = ("USE_CATALOG", "CREATE_SCHEMA")
    grants = [
        Grant("metastore", metastore, principal, locations),
        Grant("storage_credential", STORAGE_CREDENTIAL, principal, locations),
        Grant("credential", SERVICE_CREDENTIAL, principal, ("ACCESS",)),
        Grant("catalog", catalog, principal, build),
    ]
    if developers:
        grants.append(Grant("credential", SERVICE_CREDENTIAL, developers, ("ACCESS",)))
        grants.append(Grant("catalog", catalog, developers, build))
    if readers:
        grants.append(Grant("catalog", catalog, readers, ("USE_CATALOG",)))
    return grants


def plan_grants(wanted: Iterable[Grant], found: Iterable[Iterable[str]]) -> list[Step]:
    """A step for each wanted grant; `found` has the privileges that the principal holds there.

    None is ever taken away.
    """
    steps = []
    for want, have in zip(wanted, found, strict=True):
        held = set(have)
        missing = tuple(privilege for privilege in want.privileges if privilege not in held)
        action = Action.GRANT if missing else Action.KEEP
        grant = Grant(
            want.securable_type, want.securable, want.principal, missing or want.privileges
        )
        what = f"{want.securable_type.replace('_', ' ')} {want.securable}"
        text = f"{', '.join(grant.privileges)} on {what} to {want.principal}"
        steps.append(Step(action, grant, text))
    return steps
