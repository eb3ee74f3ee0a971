"""The SQL of a dataset's models, as one writes it by hand."""

from __future__ import annotations

from new_dataset.dataset import DATE, DECIMAL, KEY, TEXT, TIMESTAMP, Column, NewDataset
from new_dataset.layout import WIDTH, folded, jinja_dict, jinja_list
from new_dataset.names import quoted

_MACROS = {DATE: "iso_date", TIMESTAMP: "iso_timestamp"}


def bronze_sql(dataset: NewDataset) -> str:
    """The view that has bronze's columns under business names."""
    columns = "".join(f"        {_renamed(column)}\n" for column in dataset.columns)
    header = _header(
        dataset,
        "line",
        ", under business names, every value still the file's text. No key: equal lines are as "
        "many rows.",
    )
    return f"""\
{header}
with source as (
    select * from {{{{ source('bronze', '{dataset.name}') }}}}
),

final as (
    select
{columns}
        -- file
        _source_file,
        _source_etag,
        _source_size,
        _source_modified_at,
        _batch_id,
        _loaded_at,
        _corrupt_record
    from source
)

select * from final
"""


def checked_sql(dataset: NewDataset) -> str:
    """The model that types each line and gives it its reject reasons."""
    typed = [f"        {{{{ {_reader(c)} }}}} as {c.name}" for c in dataset.typed]
    typed_cte = (
        "typed as (\n    select\n        *,\n" + ",\n".join(typed) + "\n    from lines\n),\n\n"
    )
    optional = f", optional={_names(dataset.optional)}" if dataset.optional else ""
    required = f"required_texts(columns{optional})"
    if len(required) > WIDTH - 22:
        required = jinja_list(dataset.optional, "required_texts(columns, optional=", ")", 12)
    ranges = "\n" + jinja_dict(dataset.ranges, "{%- set ranges = ", " %}") if typed else ""
    given = f"'{dataset.name}', columns{', ranges' if typed else ''}"
    ids = f"\n            {jinja_list(dataset.ids, 'ids=', ',', 12)}" if dataset.ids else ""
    declared = dataset.options.quote or '"'
    quote = f'\n            quote="{declared}",' if declared != '"' else ""
    groups = "".join(
        f"\n        -- {heading}\n" + "".join(f"        {_selected(c)},\n" for c in columns)
        for heading, columns in dataset.groups()
    )
    header = _header(
        dataset,
        "line",
        f", typed, with the reasons why it is rejected, if any. Key: {KEY}. Holds every bronze "
        "row, equal lines too, told apart by occurrence.",
    )
    return f"""\
{header}
{jinja_list(dataset.names, "{%- set columns = ", " %}")}{ranges}

with lines as (
    {{{{ lines_to_check({given}) }}}}
),

{typed_cte if typed else ""}final as (
    select
        -- ids
        {{{{ line_key() }}}} as {KEY},
{groups}
        -- the file's text
        {{{{ raw_columns(columns) }}}},

        -- checks
        {{{{ reject_reasons(
            columns,
            required={required},
            checks={"typed_values(ranges)" if typed else "{}"},{ids}{quote}
        ) }}}} as reject_reasons,
        '{{{{ rules_fingerprint() }}}}' as _rules,

        -- file
        {{{{ file_columns() }}}}
    from {"typed" if typed else "lines"}
)

select * from final
"""


def accepted_sql(dataset: NewDataset) -> str:
    """The view of the accepted lines."""
    header = _header(dataset, "accepted line", f". Key: {KEY}. Never deduplicated.")
    return f"""\
{header}
with checked_{dataset.name} as (
    select * from {{{{ ref('checked_{dataset.name}') }}}}
),

final as (
    select
{_select_list(dataset)}
        -- file
        _source_file,
        _source_modified_at,
        _batch_id
    from checked_{dataset.name}
    where size(reject_reasons) = 0
)

select * from final
"""


def rejected_sql(dataset: NewDataset) -> str:
    """The view of the rejected lines."""
    header = _header(dataset, "rejected line", f", as it is there, with every reason. Key: {KEY}.")
    return f"""\
{header}
{{{{ rejected_lines(
    '{dataset.name}',
    key='{KEY}',
    {jinja_list(dataset.names, "columns=", ",", 4)}
) }}}}
"""


def gold_sql(dataset: NewDataset) -> str:
    """The gold table of the accepted lines, which follows them file by file."""
    header = _header(dataset, "accepted line", f". Key: {KEY}.")
    return f"""\
{header}
{{{{ config(
    materialized='incremental',
    incremental_strategy='replace_files',
    liquid_clustered_by=['_source_file'],
    meta={{'dataset': '{dataset.name}'}},
    on_schema_change='fail',
    post_hook="{{{{ log_files(['{dataset.name}']) }}}}",
) }}}}

with accepted as (
    select * from {{{{ ref('{dataset.name}') }}}}
    {{{{ where_file_is_in(pending_files('{dataset.name}')) }}}}
),

final as (
    select
{_select_list(dataset)}
        -- file
        _source_file
    from accepted
)

select * from final
"""


def _header(dataset: NewDataset, line: str, says: str) -> str:
    return folded(f"One row: one {line} of a {dataset.words} file{says}", "-- ")


def _select_list(dataset: NewDataset) -> str:
    groups = "".join(
        f"\n        -- {heading}\n" + "".join(f"        {c.name},\n" for c in columns)
        for heading, columns in dataset.groups()
    )
    return f"        -- ids\n        {KEY},\n{groups}"


def _renamed(column: Column) -> str:
    source = quoted(column.source_name)
    line = f"{source}," if source == column.name else f"{source} as {column.name},"
    return f"{line}  -- noqa: LT05" if len(line) + 8 > WIDTH else line


def _selected(column: Column) -> str:
    return column.name if column.type.kind != TEXT else f"{column.name}_text as {column.name}"


def _reader(column: Column) -> str:
    """The macro's call that reads the column's text."""
    text = f"'{column.name}_text'"
    if column.type.kind in _MACROS:
        return f"{_MACROS[column.type.kind]}({text})"
    macro = "decimal_number" if column.type.kind == DECIMAL else "whole_number"
    signed = ", signed=true" if column.type.is_signed else ""
    return f"{macro}({text}, '{column.type.data_type}'{signed})"


def _names(names: list[str]) -> str:
    return "[" + ", ".join(f"'{name}'" for name in names) + "]"
