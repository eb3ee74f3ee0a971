"""`setup-databricks`: makes what a bundle cannot. It can be repeated; `--dry-run` prints the plan.

Exit codes: 0 done or nothing to do, 1 the workspace refused, 2 wrong use or configuration.
"""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Sequence

import requests

from databricks_setup.setup_plan import (
    Credential,
    CredentialKind,
    StepAction,
    plan_credentials,
    plan_grants,
    project_names,
    wanted_grants,
)
from databricks_setup.workspace import Workspace
from local_session import SessionError
from local_session.command_end import ending_with_its_reader

_DONE = {
    StepAction.CREATE: "created",
    StepAction.CHANGE: "changed",
    StepAction.GRANT: "granted",
    StepAction.KEEP: "is there",
}


class WrongUse(Exception):
    """A mistake that the user can put right."""


@ending_with_its_reader
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(arguments)
    # Imported late, so that --help and a wrong option do not wait a second for it.
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.errors.base import DatabricksError

    run: Callable[[Workspace, argparse.Namespace], None] = options.run
    try:
        _reach(os.environ.get("DATABRICKS_HOST", ""))
        run(Workspace(WorkspaceClient()), options)
    except DatabricksError as error:
        print(f"setup-databricks: the workspace refused: {error}", file=sys.stderr)
        return 1
    except (WrongUse, SessionError, ValueError) as error:  # ValueError: the SDK has no credentials
        print(f"setup-databricks: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("setup-databricks: interrupted; what is done stays done", file=sys.stderr)
        return 130
    return 0


def _reach(host: str) -> None:
    """Raise WrongUse when the host does not answer: the SDK would retry for minutes, in silence."""
    if not host:
        return  # a profile of ~/.databrickscfg names it
    url = host if "://" in host else f"https://{host}"
    try:
        requests.get(f"{url}/.well-known/databricks-config", timeout=10)
    except requests.RequestException as error:
        name = type(error).__name__
        raise WrongUse(f"{url} does not answer ({name}): is DATABRICKS_HOST right?") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="setup-databricks",
        description="Make in a workspace what a bundle cannot: credentials of Unity Catalog, "
        "grants for the principal that deploys, values of secrets. The workspace is that of "
        "DATABRICKS_HOST or of a profile, as for every Databricks tool.",
        epilog="docs/databricks.md goes through it step by step.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    made = commands.add_parser("credentials", help="make the credentials, and grant their use")
    made.add_argument("--storage-role", metavar="ARN", required=True, help="StorageRoleArn")
    made.add_argument("--loader-role", metavar="ARN", required=True, help="LoaderRoleArn")
    made.add_argument("--principal", metavar="ID", help="who deploys and whom the job runs as")
    made.add_argument("--catalog", metavar="NAME", help="where that principal makes its schemas")
    made.add_argument("--developers", metavar="GROUP", help="account group that may deploy to dev")
    made.add_argument("--readers", metavar="GROUP", help="account group that may read gold")
    made.set_defaults(run=_credentials)

    put = commands.add_parser(
        "secret", help="put a value, from standard input or a prompt, into the secret scope"
    )
    put.add_argument("key", help="such as aws_access_key_id")
    put.add_argument("--scope", metavar="NAME", help="default: the bundle's name")
    put.set_defaults(run=_secret)

    removed = commands.add_parser("remove", help="delete the credentials")
    removed.set_defaults(run=_remove)
    for command in (made, put, removed):
        command.add_argument("--dry-run", action="store_true", help="print the plan, do nothing")
    return parser


def _credentials(workspace: Workspace, options: argparse.Namespace) -> None:
    if bool(options.principal) != bool(options.catalog):
        raise WrongUse("--principal and --catalog belong together: name both or none.")
    if (options.developers or options.readers) and not options.catalog:
        raise WrongUse("--developers and --readers need --principal and --catalog.")
    print(f"{workspace.host}{', nothing is changed' if options.dry_run else ''}")
    names = project_names()
    wanted = [
        Credential(CredentialKind.STORAGE, names.storage_credential, options.storage_role),
        Credential(CredentialKind.SERVICE, names.service_credential, options.loader_role),
    ]
    found = [workspace.credential(want.kind, want.name) for want in wanted]
    steps = plan_credentials(wanted, found)
    if options.principal:
        grants = wanted_grants(
            names,
            options.principal,
            options.catalog,
            workspace.metastore(),
            options.developers or "",
            options.readers or "",
        )
        absent = {have.name for have, there in zip(wanted, found, strict=True) if there is None}
        held = [[] if g.securable in absent else workspace.privileges(g) for g in grants]
        steps += plan_grants(grants, held)
    for step in steps:
        if options.dry_run:
            print(f"  {step.action:8}  {step.text}")
            continue
        workspace.carry_out(step)
        print(f"  {_DONE[step.action]:8}  {step.text}")
    if not options.dry_run:
        made = [workspace.credential(want.kind, want.name) for want in wanted]
        _explain_trust(made, stack=names.storage_credential.replace("_", "-"))


def _explain_trust(credentials: Sequence[Credential | None], *, stack: str) -> None:
    """Print the command of the second step, which takes rights in AWS."""
    storage, service = (have.external_id if have else "" for have in credentials)
    print(
        f"""
The roles must trust Unity Catalog by the external ids that it has chosen. In AWS:

  aws cloudformation deploy --stack-name {stack} --template-file infra/lakehouse.yml \\
    --capabilities CAPABILITY_NAMED_IAM --parameter-overrides \\
    StorageExternalId={storage} LoaderExternalId={service}

Parameters that are not named keep their values. Repeat it only when an id changes."""
    )


def _secret(workspace: Workspace, options: argparse.Namespace) -> None:
    scope = options.scope or project_names().secret_scope
    if not workspace.has_scope(scope):
        raise WrongUse(f"there is no secret scope {scope}; `databricks bundle deploy` makes it")
    if options.dry_run:
        print(f"  put       {scope}/{options.key} in {workspace.host}")
        return
    value = _read_value(options.key)
    workspace.put_secret(scope, options.key, value)
    print(f"  put       {scope}/{options.key}, {len(value)} characters")


def _read_value(key: str) -> str:
    """The value from a prompt or standard input: the shell's history and `ps` show arguments."""
    if sys.stdin.isatty():
        value = getpass.getpass(f"Value of {key} (not shown): ")
    else:
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not value:
        raise WrongUse(f"no value for {key}: type it at the prompt or pipe it in")
    return value


def _remove(workspace: Workspace, options: argparse.Namespace) -> None:
    names = project_names()
    made = {
        CredentialKind.STORAGE: names.storage_credential,
        CredentialKind.SERVICE: names.service_credential,
    }
    for kind, name in made.items():
        if workspace.credential(kind, name) is None:
            print(f"  not there {kind} {name}")
        elif options.dry_run:
            print(f"  remove    {kind} {name}")
        else:
            workspace.remove(kind, name)
            print(f"  removed   {kind} {name}")


if __name__ == "__main__":
    sys.exit(main())
