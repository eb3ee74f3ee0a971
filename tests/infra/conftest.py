"""The template, deployed in an account of moto's."""

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "lakehouse.yml"
Deploy = Callable[..., dict[str, str]]


@pytest.fixture
def deploy() -> Iterator[Deploy]:
    """Deploys the template with the parameters given, once a test; gives the stack's outputs.

    AWS is moto for as long as the test runs.
    """

    def create_stack(**parameters: str) -> dict[str, str]:
        names = {"LandingBucketName": "landing", "LakehouseBucketName": "lakehouse"} | parameters
        cloudformation = boto3.client("cloudformation", region_name="eu-central-1")
        cloudformation.create_stack(
            StackName="sales-lakehouse",
            TemplateBody=TEMPLATE.read_text(),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in names.items()],
        )
        [made] = cloudformation.describe_stacks(StackName="sales-lakehouse")["Stacks"]
        assert made["StackStatus"] == "CREATE_COMPLETE"
        return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}

    with mock_aws():
        yield create_stack
