"""The YAML beside a dataset's models: columns, tests, and a unit test with a row for each rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from new_dataset.dataset import DATE, DECIMAL, KEY, TEXT, TIMESTAMP, WHOLE, Column, NewDataset
from new_dataset.layout import folded, yaml_list, yaml_row
from new_dataset.rule_examples import Example, examples, good_text, good_value

_FILE_COLUMNS = ("source_file", "source_modified_at", "batch_id", "loaded_at", "corrupt_record")
_BRONZE_COLUMNS = ("source_file", "source_etag", "source_size", *_FILE_COLUMNS[1:])
_READ_AS = {
    DATE: ", a day",
    TIMESTAMP: ", a point in time",
    WHOLE: ", a whole number",
    DECIMAL: ", a number",
    TEXT: "",
}
_KNOW_THEIR_FILE = "A row without its file or batch could never be replaced when the file changes."
_REASON = 'array("{}")'


class ModelsYaml:
    """Writes the YAML files of a dataset.

    `doc_blocks` are those of the project. Descriptions of ids refer to them, as an id is the same
    in every dataset, while other blocks tell the rules of theirs.
    """

    def __init__(self, dataset: NewDataset, doc_blocks: Iterable[str]) -> None:
        self._dataset = dataset
        self._docs = set(doc_blocks)

    def bronze(self) -> str:
        """The YAML of bronze_<dataset>."""
        name, words = self._dataset.name, self._dataset.words
        columns = [(c.name, f"{c.words}, as text.") for c in self._dataset.columns]
        description = folded(
            f"Lines of {words} files under business names, all values still text. Nothing is "
            "dropped or cleaned here.",
            " " * 6,
        )
        return f"""\
models:
  - name: bronze_{name}
    description: >-
{description}
    data_tests:
      - never_null:
          name: bronze_{name}_know_their_file
          description: {_KNOW_THEIR_FILE}
          arguments:
            columns: [_source_file, _source_modified_at, _batch_id, _loaded_at]
    columns:
{_columns([*columns, *_documented(_BRONZE_COLUMNS)])}"""

    def checked(self) -> str:
        """The YAML of checked_<dataset>, with the unit test."""
        name, words = self._dataset.name, self._dataset.words
        raw = [(f"raw_{column}", _doc("raw_value")) for column in self._dataset.names]
        columns = [
            (KEY, _doc(KEY)),
            *((c.name, self._checked_description(c)) for c in self._dataset.in_order),
            *raw,
            ("reject_reasons", _doc("reject_reasons")),
            ("_rules", _doc("rules")),
            *_documented(_FILE_COLUMNS),
        ]
        description = folded(
            f"Every line of every {words} file, typed and checked. `{name}` holds the accepted "
            f"lines, `rejected_{name}` the others. Replaced file by file; a change of rules checks "
            "again.",
            " " * 6,
        )
        return f"""\
models:
  - name: checked_{name}
    description: >-
{description}
    data_tests:
      - is_key:
          name: every_line_of_{name}_has_its_own_key
          description: Equal lines that shared a key would be counted once downstream.
          arguments:
            columns: [{KEY}]
    columns:
{_columns(columns)}
unit_tests:
  - name: each_rule_for_{name}
    description: Each row breaks the rule that `_source_file` names, or is accepted.
    model: checked_{name}
    overrides: {{macros: {{is_incremental: false}}}}
    given:
{self._seeds()}
      - input: ref('bronze_{name}')
        rows:
{self._given()}
    expect:
      rows:
{self._expected()}
"""

    def accepted(self) -> str:
        """The YAML of the model with the accepted lines."""
        name, words = self._dataset.name, self._dataset.words
        never_null = yaml_list([KEY, *self._dataset.required], "columns: ", 12)
        columns = [
            (KEY, _doc(KEY)),
            *((c.name, self._description(c)) for c in self._dataset.in_order),
            *_documented(_FILE_COLUMNS[:3]),
        ]
        return f"""\
models:
  - name: {name}
    description: >-
      Accepted lines of {words} files. Equal lines are as many rows; none is ever dropped.
    data_tests:
      - never_null:
          name: accepted_{name}_have_every_value
          description: A value that was lost between the check and the typed column.
          arguments:
            {never_null}
    columns:
{_columns(columns)}
unit_tests:
  - name: lines_without_a_reason_are_{name}
    description: A line with a reason against it, of whatever kind, is not here.
    model: {name}
{_halves(name, keeps="good")}"""

    def rejected(self) -> str:
        """The YAML of rejected_<dataset>."""
        name, words = self._dataset.name, self._dataset.words
        columns = [
            (KEY, _doc(KEY)),
            ("reject_reasons", _doc("reject_reasons")),
            *((f"raw_{column}", _doc("raw_value")) for column in self._dataset.names),
            ("_corrupt_record", _doc("corrupt_record")),
            *_documented(_FILE_COLUMNS[:3]),
        ]
        description = folded(
            f"Lines of {words} files that broke at least one rule, as they are in the file, with "
            "every reason.",
            " " * 6,
        )
        return f"""\
models:
  - name: rejected_{name}
    description: >-
{description}
    data_tests:
      - is_key:
          name: rejected_{name}_have_their_own_key
          description: A rejected line must be findable by its key.
          arguments:
            columns: [{KEY}]
    columns:
{_columns(columns)}
unit_tests:
  - name: lines_with_a_reason_are_rejected_{name}
    description: A line is here once, with all reasons against it; a line without any is not.
    model: rejected_{name}
{_halves(name, keeps="bad")}"""

    def gold(self) -> str:
        """The YAML of the gold table, with its contract."""
        name, words = self._dataset.name, self._dataset.words
        not_null = {KEY, *self._dataset.required, "_source_file"}
        types = {KEY: "string", "_source_file": "string"}
        types |= {column.name: column.type.data_type for column in self._dataset.columns}
        columns = [
            (KEY, _doc(KEY)),
            *((c.name, self._description(c)) for c in self._dataset.in_order),
            *_documented(_FILE_COLUMNS[:1]),
        ]
        given = [(KEY, "a"), ("_source_file", "x.csv")]
        given[1:1] = [(c.name, good_value(c)) for c in self._dataset.in_order[:3]]
        return f"""\
models:
  - name: all_{name}
    description: >-
      Every accepted line of {words} files, typed. Equal lines are as many rows.
    constraints:
      - type: primary_key
        name: all_{name}_key
        warn_unenforced: false
        columns: [{KEY}]
    data_tests:
      - is_key:
          name: a_line_of_{name}_is_there_once
          description: A line that was there twice would be counted twice.
          arguments:
            columns: [{KEY}]
    columns:
{_columns(columns, types, not_null)}
unit_tests:
  - name: accepted_{name}_are_all_there
    description: Lines with equal values stay apart by their keys.
    model: all_{name}
    overrides: {{macros: {{is_incremental: false}}}}
    given:
      - input: ref('{name}')
        rows:
{yaml_row("&line ", given, 10)}
          - {{<<: *line, {KEY}: b}}
    expect:
      rows:
{yaml_row("&kept ", given, 8)}
        - {{<<: *kept, {KEY}: b}}
"""

    def _description(self, column: Column) -> str:
        if column.type.kind == TEXT and column.name.endswith("_id") and column.name in self._docs:
            return _doc(column.name)
        blank = "" if column.type.is_required else "; NULL when blank"
        return f"{column.words}{_READ_AS[column.type.kind]}{blank}."

    def _checked_description(self, column: Column) -> str:
        if column.type.kind == TEXT:
            return self._description(column)
        return f"{column.words}{_READ_AS[column.type.kind]}; NULL when blank or not written as one."

    def _seeds(self) -> str:
        seeds = ["missing_markers"]
        seeds += ["plausible_ranges"] if self._dataset.typed else []
        seeds += ["id_forms"] if self._dataset.ids else []
        return "\n".join(f"      - input: ref('{seed}')" for seed in seeds)

    def _given(self) -> str:
        texts = [(column.name, good_text(column)) for column in self._dataset.columns]
        good = yaml_row("&good ", [("_source_file", "good"), *texts], 10)
        return "\n".join([good, *(_given_row(e) for e in examples(self._dataset))])

    def _expected(self) -> str:
        values = [(column.name, good_value(column)) for column in self._dataset.columns]
        pairs = [("_source_file", "good"), *values, ("reject_reasons", "'array()'")]
        return "\n".join(
            [yaml_row("&kept ", pairs, 8), *(_expected_row(e) for e in examples(self._dataset))]
        )


def _given_row(example: Example) -> str:
    pairs = [("<<", "*good"), ("_source_file", _name(example)), *example.texts.items()]
    return yaml_row("", pairs, 10)


def _expected_row(example: Example) -> str:
    pairs = [("<<", "*kept"), ("_source_file", _name(example)), *example.values.items()]
    if example.reasons:
        pairs.append(("reject_reasons", f"'{_REASON.format(_QUOTED_COMMA.join(example.reasons))}'"))
    return yaml_row("", pairs, 8)


_QUOTED_COMMA = '", "'


def _name(example: Example) -> str:
    return f'"{example.name}"' if "," in example.name else example.name


def _halves(name: str, keeps: str) -> str:
    """Given and expected rows for one of the two views on a checked model."""
    reasons = '\'array("missing_value", "corrupt_line")\''
    behind = f", reject_reasons: {reasons}" if keeps == "bad" else ""
    return f"""\
    given:
      - input: ref('checked_{name}')
        rows:
          - {{{KEY}: good, reject_reasons: 'array()'}}
          - {{{KEY}: bad, reject_reasons: {reasons}}}
    expect:
      rows:
        - {{{KEY}: {keeps}{behind}}}
"""


def _columns(
    described: Iterable[tuple[str, str]],
    types: Mapping[str, str] | None = None,
    not_null: Iterable[str] = (),
) -> str:
    lines = []
    for name, description in described:
        lines += [f"      - name: {name}", f"        description: {description}"]
        if types:
            lines.append(f"        data_type: {types[name]}")
        if name in not_null:
            lines += ["        constraints:", "          - type: not_null"]
    return "\n".join(lines) + "\n"


def _documented(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(f"_{name}", _doc(name)) for name in names]


def _doc(block: str) -> str:
    return f"\"{{{{ doc('{block}') }}}}\""
