{#- The incremental strategy `merge_touched`, for a table whose rows belong to an entity that many files
    tell of, such as a customer. The model's query gives the rows of all entities that pending files
    touch (rows_of_touched); one statement inserts and updates them, and deletes what they have no
    more. With no pending file nothing is written.

    `unique_key` is the table's key, `meta.entity` the column of it that names the entity,
    `meta.lines` the model with a row a line of a file, and `meta.dataset` the dataset. -#}
{% macro get_incremental_merge_touched_sql(arg_dict) %}
    {%- set files = files_to_take_over(dataset_of_model()) -%}
    {%- if not files -%}
        {{ return(no_change('no file has changed')) }}
    {%- endif -%}
    {{ return([merge_touched_sql(
        arg_dict['temp_relation'], arg_dict['target_relation'], arg_dict['unique_key'], files
    )]) }}
{% endmacro %}


{% macro merge_touched_sql(source, target, unique_key, files) -%}
    {%- set meta = config.get('meta') -%}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='name') | list -%}
    merge into {{ target }} as target
    using (
        select
            {%- for key in keys %}
            coalesce(made.{{ key }}, known.{{ key }}) as merge_{{ key }},
            {%- endfor %}
            made.{{ keys[0] }} is null as is_gone,
            made.*
        from {{ source }} as made
        full outer join (
            select {{ keys | join(', ') }} from {{ target }} where {{ is_touched(meta.lines, meta.entity, files) }}
        ) as known
            on
                {%- for key in keys %}
                {{ 'and ' if not loop.first }}made.{{ key }} = known.{{ key }}
                {%- endfor %}
    ) as source
    on
        {%- for key in keys %}
        {{ 'and ' if not loop.first }}target.{{ key }} = source.merge_{{ key }}
        {%- endfor %}
    when matched and source.is_gone then delete
    when matched then update set
    {%- for column in columns %}
        {{ column }} = source.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    when not matched and not source.is_gone then insert ({{ columns | join(', ') }})
    values (
    {%- for column in columns %}source.{{ column }}{{ ', ' if not loop.last }}{% endfor -%}
    )
{%- endmacro %}


{#- The lines that decide about the entities which pending files touch; all lines when files is none.
    lines: the model with a row a line of a file; entity: its column that names the entity. -#}
{% macro rows_of_touched(lines, entity, files) -%}
    select * from {{ ref(lines) }}
    {%- if files is not none %}
    where {{ is_touched(lines, entity, files) }}
    {%- endif -%}
{%- endmacro %}


{#- True for the rows of entities that are on a line of these files now, or whose row in the current
    model is from one of them. -#}
{% macro is_touched(lines, entity, files) -%}
    {{ entity }} in (
        select {{ entity }} from {{ ref(lines) }} where {{ file_is_in(files) }}
        union all
        select {{ entity }} from {{ this }} where {{ file_is_in(files) }}
    )
{%- endmacro %}
