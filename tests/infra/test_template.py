"""infra/lakehouse.yml: what the template says, and what is there once it is deployed (on moto)."""

import json
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "infra" / "lakehouse.yml"
BUCKETS = ("LandingBucket", "LakehouseBucket")
Deploy = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def template() -> dict:
    """The template as cfn-lint reads it, its functions as `Fn::…`."""
    from cfnlint.decode import cfn_yaml

    return cfn_yaml.load(str(TEMPLATE))


pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")


@pytest.fixture
def stack(deploy: Deploy) -> dict[str, str]:
    """The outputs of the template, deployed as it is."""
    return deploy()


@pytest.mark.parametrize("bucket", BUCKETS)
def test_bucket_is_encrypted_private_versioned_and_kept(template: dict, bucket: str) -> None:
    """moto applies only a bucket's encryption, so the other settings are read in the template."""
    resource = template["Resources"][bucket]
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    properties = resource["Properties"]
    [encryption] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert properties["VersioningConfiguration"]["Status"] == "Enabled"
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert all(properties["PublicAccessBlockConfiguration"].values())
    rules = properties["LifecycleConfiguration"]["Rules"]
    assert any("NoncurrentVersionExpiration" in rule for rule in rules)
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    assert all("ExpirationInDays" not in rule for rule in rules), "no file is ever removed by age"


@pytest.mark.parametrize("bucket", BUCKETS)
def test_bucket_answers_over_tls_only(template: dict, bucket: str) -> None:
    properties = template["Resources"][f"{bucket}Policy"]["Properties"]
    assert properties["Bucket"] == {"Ref": bucket}
    [statement] = properties["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == (
        "Deny",
        "*",
        "s3:*",
    )
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [
        {"Fn::GetAtt": [bucket, "Arn"]},
        {"Fn::Sub": f"${{{bucket}.Arn}}/*"},
    ]


def actions(document: dict) -> dict[str, list[str]]:
    """What a policy allows, by resource."""
    allowed: dict[str, list[str]] = {}
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        for resource in as_list(statement["Resource"]):
            allowed[resource] = as_list(statement["Action"])
    return allowed


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


READ = ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"]
STORAGE_ROLE = "arn:aws:iam::123456789012:role/sales-lakehouse-storage"
LOADER_ROLE = "arn:aws:iam::123456789012:role/sales-lakehouse-loader"


def test_storage_role_reads_landing_writes_lakehouse_and_assumes_itself(stack: dict) -> None:
    assert stack["StorageRoleArn"] == STORAGE_ROLE
    policy = boto3.client("iam").get_role_policy(
        RoleName="sales-lakehouse-storage", PolicyName="lakehouse"
    )
    allowed = actions(yaml.safe_load(policy["PolicyDocument"]))  # moto writes it as Python does
    write = ["s3:PutObject", "s3:DeleteObject", "s3:ListBucketMultipartUploads"]
    write += ["s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
    assert {resource: sorted(actions) for resource, actions in allowed.items()} == {
        "arn:aws:s3:::landing": sorted(READ),
        "arn:aws:s3:::landing/*": sorted(READ),
        "arn:aws:s3:::lakehouse": sorted(READ + write),
        "arn:aws:s3:::lakehouse/*": sorted(READ + write),
        STORAGE_ROLE: ["sts:AssumeRole"],
    }


@pytest.mark.parametrize(
    ("role", "arn", "parameter"),
    [
        ("sales-lakehouse-storage", STORAGE_ROLE, "StorageExternalId"),
        ("sales-lakehouse-loader", LOADER_ROLE, "LoaderExternalId"),
    ],
)
def test_role_trusts_unity_catalog_and_itself_by_the_external_id(
    deploy: Deploy, role: str, arn: str, parameter: str
) -> None:
    """Without the external id, another customer of Databricks could have it assume this role."""
    deploy(**{parameter: "the-external-id"})
    document = boto3.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    unity_catalog, itself = document["Statement"]
    assert unity_catalog["Principal"]["AWS"].endswith("UCMasterRole-14S5ZJVKOTYTL")
    assert itself["Principal"]["AWS"] == "arn:aws:iam::123456789012:root"
    assert itself["Condition"]["ArnLike"] == {"aws:PrincipalArn": arn}
    for statement in (unity_catalog, itself):
        assert statement["Action"] == "sts:AssumeRole"
        assert statement["Condition"]["StringEquals"] == {"sts:ExternalId": "the-external-id"}


def test_no_policy_allows_everything(template: dict) -> None:
    for resource in template["Resources"].values():
        text = json.dumps(resource)
        assert "AmazonS3FullAccess" not in text
        if resource["Type"] != "AWS::S3::BucketPolicy":  # which only denies
            assert '"s3:*"' not in text
            assert '"*"' not in text


def test_urls_are_what_the_bundle_takes(stack: dict) -> None:
    assert (stack["LandingUrl"], stack["LakehouseUrl"]) == ("s3://landing", "s3://lakehouse")
