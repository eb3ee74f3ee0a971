{#- What is the same in every checked_<dataset>, so that its own SQL is its rules. -#}


{#- The columns that say where a line comes from; every model up to silver hands them on. -#}
{% macro file_columns(relation='') -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    {{ prefix }}_source_file,
        {{ prefix }}_source_modified_at,
        {{ prefix }}_batch_id,
        {{ prefix }}_loaded_at,
        {{ prefix }}_corrupt_record
{%- endmacro %}


{#- The lines of the pending files of bronze_<dataset>: each column's text as it is in the file
    (raw_<column>), the same trimmed (<column>_text, NULL when blank), the file's columns, a hash of
    the line and its number among the equal lines of its file. Together the last two are a key.

    Only lines whose cheap key repeats are sorted and numbered: a window over all lines costs most of
    a first build. Different lines that share a cheap key are told apart by their hash. -#}
{% macro lines_to_check(dataset, columns) -%}
    {%- set raw_columns = [] -%}
    {%- for column in columns -%}{%- do raw_columns.append('raw_' ~ column) -%}{%- endfor -%}
    {%- set hashed = ['_source_file'] + raw_columns + ['_corrupt_record'] -%}
    with lines as (
        select
            {%- for column in columns %}
            {{ column }} as raw_{{ column }},
            {{ trimmed(column) }} as {{ column }}_text,
            {%- endfor %}
            {{ file_columns() }}
        from {{ ref('bronze_' ~ dataset) }}
        {{ where_file_is_in(pending_files(dataset)) }}
    ),
    keyed as (
        select *, xxhash64({{ hashed | join(', ') }}) as cheap_key from lines
    ),
    repeated as (
        select cheap_key from keyed group by cheap_key having count(*) > 1
    ),
    hashed_once as (
        select keyed.*, {{ line_hash(hashed) }} as line_hash
        from keyed
        left anti join repeated on keyed.cheap_key = repeated.cheap_key
    ),
    hashed_again as (
        select keyed.*, {{ line_hash(hashed) }} as line_hash
        from keyed
        left semi join repeated on keyed.cheap_key = repeated.cheap_key
    )
    select *, 1 as occurrence from hashed_once
    union all
    select *, row_number() over (partition by line_hash order by line_hash) as occurrence
    from hashed_again
{%- endmacro %}


{#- The key of a line that `lines_to_check` gave. -#}
{% macro line_key(relation='') -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    sha2(concat({{ prefix }}line_hash, '-', {{ prefix }}occurrence), 256)
{%- endmacro %}


{#- The texts of a line as they are in the file. -#}
{% macro raw_columns(columns, relation='') -%}
    {%- for column in columns -%}
        {{ relation ~ '.' if relation }}raw_{{ column }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- The whole of rejected_<dataset>: the rejected lines as they are in the file, with every reason. -#}
{% macro rejected_lines(dataset, key, columns) -%}
with checked_{{ dataset }} as (
    select * from {{ ref('checked_' ~ dataset) }}
),

final as (
    select
        -- ids
        {{ key }},

        -- checks
        reject_reasons,

        -- the file's text
        {{ raw_columns(columns) }},
        _corrupt_record,

        -- file
        _source_file,
        _source_modified_at,
        _batch_id
    from checked_{{ dataset }}
    where size(reject_reasons) > 0
)

select * from final
{%- endmacro %}
