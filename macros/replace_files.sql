{#- The incremental strategy `replace_files`.

    A file is the unit of change: bronze replaces all rows of a file or none. So a table built with
    this strategy replaces, in one atomic statement, all rows of every file whose identity differs
    between the model's query and the table: files that are new, were loaded again, are gone, or
    were last read under other rules. A file that comes back shorter or empty leaves no stale row.

    The model must select _source_file, _batch_id and _rules (see rules_fingerprint).
    REPLACE WHERE takes no subquery, so the files are looked up first and written as literals.
    When no file differs, nothing is written. -#}
{% macro get_incremental_replace_files_sql(arg_dict) %}
    {%- set source = arg_dict['temp_relation'] -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set files = run_query(files_that_differ_sql(source, target)).columns[0].values() -%}

    {%- if not files -%}
        {%- call noop_statement('main', 'OK (no file to replace)', 'OK', 0) -%}
            -- no file to replace
        {%- endcall -%}
        {{ return([]) }}
    {%- endif -%}

    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='quoted') | list -%}
    {{ return(replace_files_sql(source, target, columns, files)) }}
{% endmacro %}


{#- One row a file whose (_source_file, _batch_id, _rules) is not in both relations. -#}
{% macro files_that_differ_sql(source, target) -%}
    select distinct _source_file
    from (
        select _source_file
        from (
            select distinct _source_file, _batch_id, _rules, 'source' as side from {{ source }}
            union all
            select distinct _source_file, _batch_id, _rules, 'target' as side from {{ target }}
        )
        group by _source_file, _batch_id, _rules
        having count(*) = 1
    )
    order by _source_file
{%- endmacro %}


{% macro replace_files_sql(source, target, columns, files) -%}
    {%- set predicate = '_source_file in (' ~ string_literals(files) ~ ')' -%}
    insert into {{ target }}
    replace where {{ predicate }}
    select {{ columns | join(', ') }}
    from {{ source }}
    where {{ predicate }}
{%- endmacro %}


{#- Texts as a comma-separated list of Spark SQL string literals, whatever characters they hold. -#}
{% macro string_literals(texts) -%}
    {%- for text in texts -%}
        '{{ text | replace('\\', '\\\\') | replace("'", "\\'") }}'
        {{- ', ' if not loop.last -}}
    {%- endfor -%}
{%- endmacro %}


{#- A fingerprint of everything but the data that decides what the model makes of a row: its own
    text, the macros of this project that it calls, and the contents of the seeds it reads. Stored
    in each row, it lets `replace_files` see which files were read under other rules: a row added to
    a seed takes effect on the next run, with no full refresh. -#}
{% macro rules_fingerprint() -%}
    {%- if execute -%}
        {%- set parts = [model.raw_code] -%}
        {%- for id in model.depends_on.nodes | sort if id.startswith('seed.') -%}
            {%- do parts.append(graph.nodes[id].checksum.checksum) -%}
        {%- endfor -%}
        {%- for id in model.depends_on.macros | sort if id.split('.')[1] == project_name -%}
            {%- do parts.append(context[id.split('.')[2]].macro.macro_sql) -%}
        {%- endfor -%}
        {{- local_md5(parts | join('\n')) -}}
    {%- endif -%}
{%- endmacro %}
