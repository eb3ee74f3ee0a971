"""The local warehouse is a house of its own: nothing in it names this project."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M)
NAMES = [PROJECT["name"], *PROJECT["scripts"], "bronze", "landing_sample", "scripts/"]
NAMED = re.compile(rf"\b(?:{'|'.join(NAMES)})|`?\bmake (?:{'|'.join(TARGETS)})\b(?=`|$)", re.M)
TEXTS = (".py", ".md", ".toml", ".yml", ".txt")


def test_local_warehouse_names_nothing_of_the_project() -> None:
    house = ROOT / "local_warehouse"
    files = [path for path in house.rglob("*") if path.suffix in TEXTS]
    own = [p for p in files if not any("." in part for part in p.relative_to(house).parts[:-1])]
    assert len(own) > 150  # sources, tests and pages
    named = {
        str(path.relative_to(house)): found
        for path in own
        if (found := NAMED.findall(path.read_text("utf-8")))
    }
    assert named == {}
