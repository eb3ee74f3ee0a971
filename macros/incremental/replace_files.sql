{#- The incremental strategy `replace_files`: one atomic statement replaces all rows of every pending
    file by those that the model's query has of it now, and appends those of new files. A file that
    comes back shorter or empty leaves no stale row. With no pending file nothing is written.

    The model selects _source_file, restricts its query by `where_file_is_in(pending_files(…))`, and
    names its dataset in `meta.dataset`; a model checked_<dataset> need not. REPLACE WHERE takes no
    subquery, so files are literals. -#}
{% macro get_incremental_replace_files_sql(arg_dict) %}
    {%- set files = files_to_take_over(dataset_of_model()) -%}
    {%- if not files -%}
        {{ return(no_change('no file has changed')) }}
    {%- endif -%}
    {{ return([replace_files_sql(arg_dict['temp_relation'], arg_dict['target_relation'], files)]) }}
{% endmacro %}


{% macro replace_files_sql(source, target, files) -%}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='quoted') | list -%}
    insert into {{ target }}
    replace where {{ file_is_in(files) }}
    select {{ columns | join(', ') }}
    from {{ source }}
{%- endmacro %}


{% macro dataset_of_model() %}
    {{ return(config.get('meta', {}).get('dataset') or model.name | replace('checked_', '', 1)) }}
{% endmacro %}
