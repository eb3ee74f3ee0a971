"""Reference pages: the commands by their own help, the tables by the YAML beside the models."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

_LAYERS = {
    "gold": "for readers and the dashboard",
    "silver": "typed, checked, one truth",
    "bronze": "every line as it came",
}


def commands_page(root: Path) -> str:
    """A page with the help of each command of the project and of the local warehouse."""
    names = [
        name
        for house in (root, root / "local_warehouse")
        for name in tomllib.loads((house / "pyproject.toml").read_text())["project"]["scripts"]
    ]
    with ThreadPoolExecutor(2) as pool:
        helps = list(pool.map(_help, names))
    parts = [f"## {name}\n\n```text\n{text}```\n" for name, text in zip(names, helps, strict=True)]
    return "# Commands\n\nWhat each says of itself, by `--help`.\n\n" + "\n".join(parts)


def _help(command: str) -> str:
    program = Path(sys.executable).with_name(command)
    environment = {"PATH": str(program.parent), "COLUMNS": "96"}
    return subprocess.check_output([program, "--help"], env=environment, text=True)


def tables_page(root: Path) -> str:
    """A page with the description of each model and its columns, layer by layer.

    Descriptions that are written once and named, as `{{ doc('name') }}`, are put in their place.
    """
    documents: dict[str, str] = {}
    for page in sorted((root / "models").glob("*.md")):
        documents |= _doc_blocks(page.read_text("utf-8"))
    parts = ["# Tables\n\nFrom the YAML beside the models. `dbt docs serve` has the lineage too.\n"]
    for layer, title in _LAYERS.items():
        parts.append(f"## {layer.capitalize()}: {title}\n")
        for path in sorted((root / "models" / layer).rglob("*.yml")):
            for model in (yaml.safe_load(path.read_text("utf-8")) or {}).get("models", []):
                parts += _model(model, documents)
    return "\n".join(parts)


def _model(model: dict[str, Any], documents: dict[str, str]) -> Iterator[str]:
    yield f"### {model['name']}\n\n{_text(model.get('description', ''), documents)}\n"
    yield "| column | type | |\n|---|---|---|"
    for column in model.get("columns", []):
        text = _text(column.get("description", ""), documents).replace("|", "\\|")
        yield f"| `{column['name']}` | {column.get('data_type', '')} | {' '.join(text.split())} |"
    yield ""


def _text(description: str, documents: dict[str, str]) -> str:
    for name, text in documents.items():
        for quote in "'\"":
            description = description.replace("{{ doc(" + quote + name + quote + ") }}", text)
    return description.strip()


def _doc_blocks(page: str) -> dict[str, str]:
    blocks = {}
    for block in page.split("{% docs ")[1:]:
        name, _, text = block.partition(" %}")
        blocks[name] = text.partition("{% enddocs %}")[0].strip()
    return blocks
