"""The project on a local warehouse of the tests' own: its commands, its dbt, its landing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from forked_command import PROGRAMS, ForkedCommands
from local_warehouse.testing import BIN, CommandFailed, LocalWarehouse, outer_environment, run

__all__ = ["BIN", "ROOT", "Lakehouse", "outer_environment"]
ROOT = Path(__file__).resolve().parent.parent


class Lakehouse(LocalWarehouse):
    """A local warehouse, with dbt's profile and output in a folder beside its state."""

    def __init__(
        self, commands: ForkedCommands, state: Path, env: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(state, env)
        self._commands = commands
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
        """Run a command in its environment, from the project's root; the project's are forked.

        Raises CommandFailed when `check` is set and the exit code is not 0.
        """
        if command[0] not in PROGRAMS:
            return run(command, self.env | env, check=check, cwd=ROOT)
        done = self._commands.run(command, self.env | env, ROOT)
        if check and done.returncode != 0:
            message = f"{' '.join(command)}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
            raise CommandFailed(message)
        return done

    def landing(self, prefix: str) -> dict[str, str]:
        """Settings for a landing place of one's own: `run(…, **lakehouse.landing("mine"))`."""
        return {"LANDING_URL": f"{self.env['LANDING_URL']}/{prefix}"}
