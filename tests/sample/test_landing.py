"""`landing-sample` against a bucket: what is there stays, a wave is added, a folder is uploaded."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws

from landing_sample.cli import main

SMALL = ["--sales", "600", "--customers", "60"]


@pytest.fixture
def landing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator["Landing"]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("LANDING_URL", "s3://landing/raw")
    monkeypatch.setenv("LAKEHOUSE_STATE", str(tmp_path / "state"))
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="landing")
        yield Landing(s3, tmp_path / "state" / "sample" / "truth.json")


class Landing:
    def __init__(self, s3, truth: Path) -> None:
        self.s3, self.truth_path = s3, truth

    def objects(self) -> dict[str, tuple[str, object]]:
        """Key to (etag, time of upload)."""
        found = self.s3.list_objects_v2(Bucket="landing").get("Contents", [])
        return {item["Key"]: (item["ETag"], item["LastModified"]) for item in found}

    def truth(self) -> dict:
        return json.loads(self.truth_path.read_text())


def test_sample_lands_under_the_prefix_and_its_truth_in_the_state(landing: Landing) -> None:
    assert main(SMALL) == 0
    keys = landing.objects()
    assert "raw/crm/2026/customer_infomation_01.csv" in keys
    assert "raw/shop/2026-01/data_sales_2026_01.csv" in keys
    assert landing.truth()["wave"] == 1


def test_bucket_gets_the_bytes_that_a_folder_gets(landing: Landing, tmp_path: Path) -> None:
    main(SMALL)
    main([*SMALL, "--out", str(tmp_path / "out")])
    for key in landing.objects():
        body = landing.s3.get_object(Bucket="landing", Key=key)["Body"].read()
        assert body == (tmp_path / "out" / key.removeprefix("raw/")).read_bytes()


def test_sample_that_is_there_is_left_as_it_is(
    landing: Landing, capsys: pytest.CaptureFixture[str]
) -> None:
    main(SMALL)
    before, truth = landing.objects(), landing.truth()
    capsys.readouterr()
    assert main([]) == 0, "no options: the sample that is there"
    assert "left as it is" in capsys.readouterr().out
    assert landing.objects() == before
    assert landing.truth() == truth


def test_second_wave_uploads_only_what_is_new_and_is_not_undone(landing: Landing) -> None:
    main(SMALL)
    first = landing.objects()
    main(["--wave", "2"])
    second = landing.objects()
    changed = {key for key in second if second[key] != first.get(key)}
    assert {key.rsplit("/", 1)[1] for key in changed} == {
        "customer_infomation_03.csv",
        "customer_infomation_04.csv",
        "data_sales_2026_05.csv",
        "data_sales_2026_07.csv",
    }
    assert landing.truth()["wave"] == 2
    main(SMALL)
    assert landing.objects() == second
    assert landing.truth()["wave"] == 2


def test_second_wave_at_once_gives_the_same_objects_as_both_in_turn(landing: Landing) -> None:
    main([*SMALL, "--wave", "2"])
    at_once = {key: etag for key, (etag, _) in landing.objects().items()}
    for key in at_once:
        landing.s3.delete_object(Bucket="landing", Key=key)
    main(SMALL)
    main([*SMALL, "--wave", "2"])
    assert {key: etag for key, (etag, _) in landing.objects().items()} == at_once


def test_a_file_that_went_missing_is_landed_again(landing: Landing) -> None:
    main(SMALL)
    before = landing.objects()
    gone = "raw/shop/2026-01/data_sales_2026_01.csv"
    landing.s3.delete_object(Bucket="landing", Key=gone)
    main([])
    assert {k: v for k, v in landing.objects().items() if k != gone} == {
        k: v for k, v in before.items() if k != gone
    }
    assert landing.objects()[gone][0] == before[gone][0]


def test_another_sample_replaces_the_one_that_is_there(
    landing: Landing, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*SMALL, "--wave", "2"])
    landing.s3.put_object(Bucket="landing", Key="raw/mine/data_sales_mine.csv", Body=b"id\n")
    main([*SMALL, "--seed", "7"])
    assert "another sample" in capsys.readouterr().out
    keys = landing.objects()
    assert "raw/shop/2026-07/data_sales_2026_07.csv" not in keys, "left over from the old wave 2"
    assert "raw/mine/data_sales_mine.csv" in keys, "a file that is not the sample's is not touched"


def test_lost_truth_is_written_again(landing: Landing) -> None:
    main(SMALL)
    truth, objects = landing.truth(), landing.objects()
    landing.truth_path.unlink()
    main([])
    assert landing.truth() == truth
    assert landing.objects() == objects


def test_missing_bucket_is_named(landing: Landing, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--landing", "s3://nowhere"]) == 2
    assert "no bucket 'nowhere'" in capsys.readouterr().err


def test_url_that_is_no_s3_url_is_refused(
    landing: Landing, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, "--landing", "landing"]) == 2
    assert "s3://bucket" in capsys.readouterr().err


def test_upload_keeps_relative_paths_and_skips_what_is_no_csv(
    landing: Landing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    (folder / "2026" / "may").mkdir(parents=True)
    (folder / "customer_infomation_x.CSV").write_text("id\n1\n")
    (folder / "2026" / "may" / "data_sales_x.csv.gz").write_bytes(b"zipped")
    (folder / "2026" / "notes.txt").write_text("not for the landing")
    (folder / "data_sales_nothing.csv").symlink_to(folder / "deleted.csv")
    (folder / "elsewhere").symlink_to(folder / "2026")
    (folder / os.fsdecode(b"data_sales_\xff.csv")).write_text("id\n1\n")
    os.mkfifo(folder / "data_sales_pipe.csv")
    assert main(["upload", str(folder), "--prefix", "/from/me/"]) == 0
    assert set(landing.objects()) == {
        "raw/from/me/customer_infomation_x.CSV",
        "raw/from/me/2026/may/data_sales_x.csv.gz",
    }
    out = capsys.readouterr().out
    assert "s3://landing/raw/from/me/2026/may/data_sales_x.csv.gz" in out
    assert "2 files uploaded" in out
    assert (
        f"Left out, as their names end in none of .csv, .csv.gz, .csv.bz2, .csv.zst: {folder}"
        in out
    )
    assert "notes.txt" in out
    nowhere = f"{folder}/data_sales_nothing.csv, {folder}/elsewhere"
    assert f"Left out, as they are links to a folder or to nothing: {nowhere}." in out
    assert rf"not UTF-8, as keys of S3 are: {folder}/data_sales_\udcff.csv." in out
    assert f"Left out, as they are no files: {folder}/data_sales_pipe.csv." in out


def test_upload_says_when_no_dataset_will_take_a_file(
    landing: Landing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    for name in ("orders.csv", "Orders_2.csv", "DATA_Sales_1.csv"):
        (tmp_path / "mine" / name).write_text("id\n1\n")
    assert main(["upload", str(tmp_path / "mine")]) == 0
    assert "No dataset takes 2 of them: Orders_2.csv, orders.csv." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "There is no file or folder"),
        (lambda path: path.mkdir(), "holds no CSV file"),
        (lambda path: path.write_text("id\n"), "is no CSV file"),
    ],
)
def test_upload_of_nothing_is_an_error(
    landing: Landing, tmp_path: Path, capsys: pytest.CaptureFixture[str], make, message: str
) -> None:
    make(tmp_path / "mine")
    assert main(["upload", str(tmp_path / "mine")]) == 2
    assert message in capsys.readouterr().err
    assert landing.objects() == {}


def test_single_files_are_uploaded_by_their_names_listed_and_removed(
    landing: Landing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    one, two = tmp_path / "a" / "data_sales_[1].csv", tmp_path / "a" / "b" / "data_sales_2.csv"
    for path in (one, two):
        path.write_text("id\n1\n")
    assert main(["upload", str(one), str(two)]) == 0
    assert set(landing.objects()) == {"raw/data_sales_[1].csv", "raw/data_sales_2.csv"}
    capsys.readouterr()
    assert main(["ls"]) == 0
    listed = capsys.readouterr().out
    assert "5 B  data_sales_[1].csv" in listed
    assert "2 files in s3://landing/raw." in listed
    assert main(["ls", "*_2*"]) == 0
    assert "data_sales_[1]" not in capsys.readouterr().out
    assert main(["rm", "data_sales_3.csv"]) == 2
    assert "Did you mean data_sales_2.csv" in capsys.readouterr().err
    assert main(["rm", "data_sales_[1].csv"]) == 0
    removed = capsys.readouterr().out
    assert "removed data_sales_[1].csv" in removed
    assert "Rows that were loaded from there stay" in removed
    assert set(landing.objects()) == {"raw/data_sales_2.csv"}


IN_A_FAKE_INSTALLATION = """
import os, sys, pathlib, local_session
from landing_sample.cli import main
os.environ.pop("LANDING_URL", None)
local_session.bin_dir = lambda: pathlib.Path(sys.argv[1])
sys.exit(main(sys.argv[2:]))
"""


def run_without_landing(bin_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IN_A_FAKE_INSTALLATION, str(bin_dir), *arguments],
        capture_output=True,
        text=True,
    )


def test_without_a_landing_it_runs_again_inside_the_local_services(tmp_path: Path) -> None:
    launcher = tmp_path / "local-warehouse"
    launcher.write_text('#!/bin/sh\necho "$@"\n')
    launcher.chmod(0o755)
    ended = run_without_landing(tmp_path, "--wave", "2")
    state = Path.cwd() / ".lakehouse"
    assert ended.stdout == f"--state {state} exec -- landing-sample --wave 2\n"
    assert len(ended.stderr.splitlines()) == 1
    assert "local services" in ended.stderr


def test_without_a_landing_and_local_services_it_says_what_to_do(tmp_path: Path) -> None:
    ended = run_without_landing(tmp_path)
    assert ended.returncode == 2
    assert "LANDING_URL is not set" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("free", "is_said"), [(9 << 20, True), (9 << 30, False)])
def test_a_store_that_fails_on_a_full_disk_is_said_with_its_place(
    landing: Landing,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    free: int,
    is_said: bool,
) -> None:
    """Which SeaweedFS, asked for more room than there is, calls an internal error."""
    call = BaseClient._make_api_call

    def fail(client: BaseClient, operation: str, arguments: dict) -> object:
        if operation == "PutObject":
            raise ClientError({"Error": {"Code": "InternalError"}}, operation)
        return call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", fail)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9 << 30, 0, free))
    assert main(SMALL) == 1
    said = capsys.readouterr().err
    assert "InternalError" in said
    place = os.environ["LAKEHOUSE_STATE"]
    assert (f"The disk of {place} has 9 MiB left: free some" in said) is is_said
