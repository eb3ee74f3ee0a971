{#- The incremental strategy `merge_newest`, for a table with one row a key, each from the newest line
    that has it. The model's query gives the rows of all keys that pending files touch; one statement
    inserts and updates them, and deletes keys whose line was in a pending file and is in none now.
    With no pending file nothing is written. -#}
{% macro get_incremental_merge_newest_sql(arg_dict) %}
    {%- set files = files_to_take_over(dataset_of_model()) -%}
    {%- if not files -%}
        {{ return(no_change('no file has changed')) }}
    {%- endif -%}
    {{ return([merge_newest_sql(
        arg_dict['temp_relation'], arg_dict['target_relation'], arg_dict['unique_key'], files
    )]) }}
{% endmacro %}


{% macro merge_newest_sql(source, target, key, files) -%}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='name') | list -%}
    merge into {{ target }} as target
    using (
        select
            coalesce(newest.{{ key }}, known.{{ key }}) as merge_key,
            newest.{{ key }} is null as is_gone,
            newest.*
        from {{ source }} as newest
        full outer join (select {{ key }} from {{ target }} where {{ file_is_in(files) }}) as known
            on newest.{{ key }} = known.{{ key }}
    ) as source
    on target.{{ key }} = source.merge_key
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


{#- The rows that decide about the keys which pending files touch: those on a line of them now, and
    those whose line in the current model was in one of them; all rows when files is none. -#}
{% macro rows_of_touched_keys(versions, key, files) -%}
    select * from {{ ref(versions) }}
    {%- if files is not none %}
    where {{ key }} in (
        select {{ key }} from {{ ref(versions) }} where {{ file_is_in(files) }}
        union all
        select {{ key }} from {{ this }} where {{ file_is_in(files) }}
    )
    {%- endif %}
{%- endmacro %}
