"""The loader with exactly the policy of infra/lakehouse.yml, on moto with its IAM switched on.

moto is S3 as the loader sees it. The files lie in the local S3 too, where the local warehouse reads
them, as Unity Catalog does: by a role of its own.
"""

from collections.abc import Callable
from typing import Any

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
    assert enforced(main)([*OPTIONS, "--dry-run"]) == 1
    said = capsys.readouterr().err
    assert "cannot list s3://landing/policy" in said
    assert "AccessDenied" in said


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
)
def test_policy_denies_everything_else(
    user: dict[str, str], action: str, arguments: dict[str, Any]
) -> None:
    s3 = boto3.client("s3", region_name="us-east-1", **user)
    with pytest.raises(ClientError) as denied:
        enforced(getattr(s3, action))(**arguments)
    assert denied.value.response["Error"]["Code"] == "AccessDenied"


def test_policy_is_needed_by_the_loader(user: dict[str, str]) -> None:
    """That moto does enforce: the same call with and without the policy."""
    s3 = boto3.client("s3", region_name="us-east-1", **user)
    read = {"Bucket": "landing", "Key": KEY}
    assert enforced(s3.get_object)(**read)["Body"].read() == SALES
    [policy] = boto3.client("iam").list_attached_user_policies(UserName="loader")[
        "AttachedPolicies"
    ]
    boto3.client("iam").detach_user_policy(UserName="loader", PolicyArn=policy["PolicyArn"])
    with pytest.raises(ClientError, match="AccessDenied"):
        enforced(s3.get_object)(**read)
