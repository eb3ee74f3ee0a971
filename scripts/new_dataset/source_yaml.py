"""The entry of a dataset in the source YAML: text put into it, nothing else of the file touched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from bronze_loader.datasets.csv_options import CsvOptions
from bronze_loader.datasets.declaration import SOURCE_NAME
from new_dataset.dataset import NewDataset
from new_dataset.errors import NewDatasetError
from new_dataset.names import yaml_scalar

# What the file gives names to; an entry refers to them where they say the same.
_REQUIRED = {"meta": {"required": True}}
_LOADED_BY_FILE = {
    "loaded_at_field": "_loaded_at",
    "freshness": {
        "warn_after": {"count": 3, "period": "day"},
        "error_after": {"count": 14, "period": "day"},
    },
}
_OPTION_ORDER = (
    "delimiter",
    "quote",
    "escape",
    "encoding",
    "multi_line",
    "null_value",
    "skip_rows",
)


def with_entry(text: str, dataset: NewDataset) -> str:
    """The source YAML with the dataset's table behind the last one that has files.

    Raises NewDatasetError when the file cannot be extended by text, and when the table is there.
    """
    before = yaml.safe_load(text)
    tables = _tables(yaml.compose(text))
    if any(_value(table, "name") == dataset.name for table in tables):
        raise NewDatasetError(
            f"{dataset.name} is declared in the source YAML already; remove the entry or take "
            "another name"
        )
    place = [table for table in tables if _value(table, "external") is not None] or tables
    last = place[-1]
    lines = text.splitlines(keepends=True)
    end = _end(last, lines)
    indent = last.start_mark.column - 2  # the column of the dash
    entry = "\n" + _entry(dataset, _anchored(text), " " * indent)
    if not lines[end - 1].endswith("\n"):
        entry = "\n" + entry
    if "\r\n" in text:
        entry = entry.replace("\n", "\r\n")
    extended = "".join(lines[:end]) + entry + "".join(lines[end:])
    _compare(before, yaml.safe_load(extended), dataset)
    return extended


def _tables(document: yaml.Node | None) -> list[yaml.MappingNode]:
    sources = _value(document, "sources")
    for source in sources.value if isinstance(sources, yaml.SequenceNode) else []:
        if _value(source, "name") == SOURCE_NAME:
            tables = _value(source, "tables")
            if isinstance(tables, yaml.SequenceNode) and not tables.flow_style:
                found = [t for t in tables.value if isinstance(t, yaml.MappingNode)]
                if found:
                    return found
    raise NewDatasetError(
        f"the source {SOURCE_NAME} has no `tables:` as a list of blocks; add one of them by hand"
    )


def _value(node: Any, key: str) -> Any:
    """The node of a key, as text where it is a scalar; None when there is no such key."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value.value if isinstance(value, yaml.ScalarNode) else value
    return None


def _end(node: yaml.Node, lines: list[str]) -> int:
    """The number of lines up to the end of a block, without blank lines and comments behind it."""
    end = min(node.end_mark.line, len(lines))
    if node.end_mark.column:
        end = min(node.end_mark.line + (node.end_mark.column > _indent(lines, end)), len(lines))
    while end and re.match(r"\s*(#.*)?$", lines[end - 1]):
        end -= 1
    return end


def _indent(lines: list[str], line: int) -> int:
    if line >= len(lines):
        return 0
    return len(lines[line]) - len(lines[line].lstrip(" "))


class _AnchorLoader(yaml.SafeLoader):
    """A loader that keeps what each anchor of the document names, in `named`."""

    named: dict[str, Any]

    def compose_document(self) -> yaml.Node | None:
        """The document's node. As PyYAML's own, which forgets the anchors."""
        self.get_event()  # type: ignore[no-untyped-call]
        node = self.compose_node(None, None)  # type: ignore[arg-type]
        self.get_event()  # type: ignore[no-untyped-call]
        nodes, self.anchors = self.anchors, {}
        self.named = {name: self.construct_object(n, deep=True) for name, n in nodes.items()}
        return node


def _anchored(text: str) -> dict[str, Any]:
    """What each anchor of the file names."""
    loader = _AnchorLoader(text)
    try:
        loader.get_single_node()
        return loader.named
    finally:
        loader.dispose()


def _entry(dataset: NewDataset, anchors: Mapping[str, Any], margin: str) -> str:
    lines = [
        f"- name: {dataset.name}",
        f"  description: Lines of {dataset.words} files.",
        "  external:",
        f"    location: {yaml_scalar(dataset.location)}",
        "    file_format: csv",
        *_block("options", _options(dataset.options), anchors, "    "),
        *_block("config", _LOADED_BY_FILE, anchors, "  "),
        "  columns:",
    ]
    for column in dataset.columns:
        lines += [
            f"    - name: {yaml_scalar(column.source_name)}",
            f"      description: {column.words}.",
            "      data_type: string",
        ]
        if column.type.is_required and column.in_every_file:
            lines += _block("config", _REQUIRED, anchors, "      ")
    return "".join(f"{margin}{line}\n" for line in lines)


def _block(
    key: str, content: Mapping[str, Any], anchors: Mapping[str, Any], margin: str
) -> list[str]:
    """A key with its content, by the name that the file has for it where there is one."""
    alias = next((name for name, value in anchors.items() if value == content), None)
    if alias:
        return [f"{margin}{key}: *{alias}"]
    dumped = yaml.safe_dump(dict(content), sort_keys=False, default_flow_style=False)
    return [f"{margin}{key}:", *(f"{margin}  {line}" for line in dumped.splitlines())]


def _options(options: CsvOptions) -> dict[str, Any]:
    values = {name: getattr(options, name) for name in _OPTION_ORDER}
    if not options.skip_rows:
        del values["skip_rows"]
    return {name: value for name, value in values.items() if value is not None}


def _compare(before: Any, after: Any, dataset: NewDataset) -> None:
    """Raises NewDatasetError unless the new file says what the old one did and the entry."""
    for source in after["sources"]:
        if source["name"] == SOURCE_NAME:
            added = [table for table in source["tables"] if table["name"] == dataset.name]
            source["tables"] = [t for t in source["tables"] if t["name"] != dataset.name]
    names = [column["name"] for column in added[0]["columns"]] if added else []
    if after != before or names != [column.source_name for column in dataset.columns]:
        raise NewDatasetError(
            "the source YAML is written in a way that an entry cannot be put into; write its "
            "tables as blocks, as they are in the project's first version"
        )
