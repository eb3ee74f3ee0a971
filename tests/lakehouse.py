"""The project on a local warehouse of the tests' own: its commands, its dbt, its landing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local_warehouse.testing import BIN, LocalWarehouse, outer_environment, run

__all__ = ["BIN", "ROOT", "Lakehouse", "outer_environment"]
ROOT = Path(__file__).resolve().parent.parent


class Lakehouse(LocalWarehouse):
    """A local warehouse, with dbt's profile and output in a folder beside its state."""

    def __init__(self, state: Path, env: Mapping[str, str] | None = None) -> None:
        super().__init__(state, env)
        profiles = state.with_name(f"{state.name}-dbt")
        profiles.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "profiles.yml.example", profiles / "profiles.yml")
        self._dbt = {
            "DBT_PROFILES_DIR": str(profiles),
            "DBT_TARGET_PATH": str(profiles / "target"),
            "DBT_LOG_PATH": str(profiles / "logs"),
        }
        if env:
            self.env |= self._dbt

    def up(self) -> None:
        """Start what is not running; `env` gets the clients' environment and dbt's folders."""
        super().up()
        self.env |= self._dbt

    def run(
        self, *command: str, check: bool = True, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the project in its environment, from the project's root."""
        return run(command, self.env | env, check=check, cwd=ROOT)

    def landing(self, prefix: str) -> dict[str, str]:
        """Settings for a landing place of one's own: `run(…, **lakehouse.landing("mine"))`."""
        return {"LANDING_URL": f"{self.env['LANDING_URL']}/{prefix}"}
