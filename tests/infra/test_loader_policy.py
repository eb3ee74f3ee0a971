"""The loader with exactly the policy of infra/lakehouse.yml, on moto with its IAM switched on.

moto is S3 as the loader sees it. The files lie in the local S3 too, where the local warehouse reads
them, as Unity Catalog does: by a role of its own.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core import set_initial_no_auth_action_count

from bronze_loader.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")
KEY = "policy/data_sales_2026.csv"
SALES = b"createtime,id,product,quan,shop,platform\n2026-08-01,1,APPLE,2,Main,shopee\n"
OPTIONS = ("--landing", "s3://landing/policy", "--schema", "policy_bronze")
# Runs a function while moto denies what no policy allows.
enforced = set_initial_no_auth_action_count(0)


@pytest.fixture
def user(
    lakehouse: Any, deploy: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The keys of a user with the loader's policy alone, and the environment of the local services
    with these keys in place of theirs."""
    lakehouse.s3.put_object(Bucket="landing", Key=KEY, Body=SALES)
    outputs = deploy()
    keys = new_user("loader", outputs["LoaderPolicyArn"])
    s3 = boto3.client("s3")
    s3.put_object(Bucket="landing", Key=KEY, Body=SALES)
    s3.put_object(Bucket="lakehouse", Key="bronze/sales/part-0.parquet", Body=b"")
    s3.create_bucket(Bucket="elsewhere")
    s3.put_object(Bucket="elsewhere", Key="data_sales_2026.csv", Body=SALES)
    for name, value in lakehouse.env.items():
        if not name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    use(keys, monkeypatch)
    return keys


def new_user(name: str, *policy_arns: str) -> dict[str, str]:
    iam = boto3.client("iam")
    iam.create_user(UserName=name)
    for arn in policy_arns:
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
    }


def allow(*actions: str, resource: str = "*", effect: str = "Allow") -> str:
    """A policy, by its ARN."""
    statement = {"Effect": effect, "Action": list(actions), "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    made = boto3.client("iam").create_policy(
        PolicyName=f"policy-{uuid4().hex}", PolicyDocument=json.dumps(document)
    )
    return str(made["Policy"]["Arn"])


def new_object(lakehouse: Any, key: str, body: bytes) -> str:
    """Put a file into moto, for the loader, and into the warehouse's store; gives its key."""
    for s3 in (boto3.client("s3"), lakehouse.s3):
        s3.put_object(Bucket="landing", Key=key, Body=body)
    return key


def use(keys: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in keys.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)


def test_loader_needs_no_more_than_its_policy(user: dict[str, str], lakehouse: Any) -> None:
    assert enforced(main)([*OPTIONS, "--dry-run"]) == 0
    assert enforced(main)(list(OPTIONS)) == 0
    leases = boto3.client("s3").list_objects_v2(Bucket="lakehouse", Prefix="policy_bronze/")
    assert {object["Key"].rpartition("/")[0] for object in leases["Contents"]} == {
        "policy_bronze/_load_bronze"
    }
    assert lakehouse.sql("select product, quan from policy_bronze.sales") == [
        {"product": "APPLE", "quan": "2"}
    ]


def test_loader_says_what_it_may_not_do(
    user: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use(new_user("nobody"), monkeypatch)
    assert enforced(main)([*OPTIONS, "--dry-run"]) == 2
    said = capsys.readouterr().err
    assert "cannot list s3://landing/policy" in said
    assert "s3:ListBucket" in said


def test_without_a_place_for_its_lease_the_loader_names_the_permission(
    user: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use(new_user("reader", allow("s3:ListBucket", "s3:GetObject")), monkeypatch)
    assert enforced(main)(list(OPTIONS)) == 2
    said = capsys.readouterr().err
    assert "cannot write s3://lakehouse/policy_bronze/_load_bronze/probe.json" in said
    assert "s3:PutObject" in said
    assert "--lease-url" in said


def test_a_file_that_may_not_be_read_keeps_no_other_out(
    user: dict[str, str],
    lakehouse: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    denied = new_object(lakehouse, "policy/data_sales_denied.csv", SALES + SALES)
    no_get = allow("s3:GetObject", resource=f"arn:aws:s3:::landing/{denied}", effect="Deny")
    use(new_user("most", allow("s3:*"), no_get), monkeypatch)
    assert enforced(main)([*OPTIONS, "--schema", "policy_denied"]) == 1
    said = capsys.readouterr().out
    assert f"failed: sales: s3://landing/{denied}" in said
    assert "s3:GetObject" in said
    assert lakehouse.sql("select count(*) as rows from policy_denied.sales") == [{"rows": 1}]


def test_files_of_which_none_may_be_read_end_the_run(
    user: dict[str, str],
    lakehouse: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in range(4):
        new_object(lakehouse, f"policy/data_sales_{number}.csv", SALES * (number + 2))
    writer = allow("s3:ListBucket"), allow("s3:*", resource="arn:aws:s3:::lakehouse/*")
    use(new_user("blind", *writer), monkeypatch)
    assert enforced(main)([*OPTIONS, "--schema", "policy_blind"]) == 2
    said = capsys.readouterr()
    assert "3 files in a row could not be loaded" in said.err
    assert "s3:GetObject" in said.err


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("put_object", {"Bucket": "landing", "Key": "data_sales_new.csv", "Body": b""}),
        ("put_object", {"Bucket": "landing", "Key": KEY, "Body": b""}),
        ("delete_object", {"Bucket": "landing", "Key": KEY}),
        ("get_object", {"Bucket": "lakehouse", "Key": "bronze/sales/part-0.parquet"}),
        ("put_object", {"Bucket": "lakehouse", "Key": "bronze/sales/part-0.parquet", "Body": b""}),
        ("delete_object", {"Bucket": "lakehouse", "Key": "bronze/sales/part-0.parquet"}),
        ("put_object", {"Bucket": "lakehouse", "Key": "bronze/lease.json", "Body": b""}),
        ("list_objects_v2", {"Bucket": "elsewhere"}),
        ("get_object", {"Bucket": "elsewhere", "Key": "data_sales_2026.csv"}),
        ("list_buckets", {}),
        ("create_bucket", {"Bucket": "another"}),
    ],
    ids=[
        "new-landing-file",
        "replace-landing-file",
        "delete-landing-file",
        "read-table-file",
        "replace-table-file",
        "delete-table-file",
        "lease-in-the-wrong-folder",
        "list-another-bucket",
        "read-another-bucket",
        "list-buckets",
        "create-bucket",
    ],
)
def test_policy_denies_everything_else(
    user: dict[str, str], action: str, arguments: dict[str, Any]
) -> None:
    s3 = boto3.client("s3", region_name="us-east-1", **user)
    with pytest.raises(ClientError) as denied:
        enforced(getattr(s3, action))(**arguments)
    assert denied.value.response["Error"]["Code"] == "AccessDenied"


def test_policy_is_needed_by_the_loader(user: dict[str, str]) -> None:
    """moto does enforce policies: the same call with and without this one."""
    s3 = boto3.client("s3", region_name="us-east-1", **user)
    read = {"Bucket": "landing", "Key": KEY}
    assert enforced(s3.get_object)(**read)["Body"].read() == SALES
    [policy] = boto3.client("iam").list_attached_user_policies(UserName="loader")[
        "AttachedPolicies"
    ]
    boto3.client("iam").detach_user_policy(UserName="loader", PolicyArn=policy["PolicyArn"])
    with pytest.raises(ClientError, match="AccessDenied"):
        enforced(s3.get_object)(**read)
