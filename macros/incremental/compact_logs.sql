{#- Runs at the end of an audit. Logs are only added to, and of each key the newest row counts: the
    others are removed. The loader's log keeps its rows, as its history is asked for. Then every
    clustered table is optimized: the small files that runs leave become few, on a workspace in the
    order of their keys. -#}
{% macro compact_logs() %}
    {%- if not execute -%}
        {%- set seen_by_dbt = [
            ref('build_log'), ref('definition_log'), ref('test_log'), ref('touched_days'), source('bronze', 'load_log'),
        ] -%}
    {%- elif var('audit') -%}
        {%- set keys = [
            (ref('build_log'), ['model_name', 'dataset', 'source_file'], 'logged_at'),
            (ref('definition_log'), ['node_id'], 'logged_at'),
            (ref('test_log'), ['test_name'], 'tested_until'),
            (ref('touched_days'), ['sold_on'], 'touched_at'),
        ] -%}
        {%- for log, key, moment in keys if load_relation(log) -%}
            {%- do run_query(older_rows_are_removed_sql(log, key, moment)) -%}
        {%- endfor -%}
        {%- set clustered = graph.sources.values() | list + graph.nodes.values() | selectattr('config.liquid_clustered_by') | list -%}
        {%- for node in clustered -%}
            {%- set table = adapter.get_relation(node.database, node.schema, node.identifier or node.alias) -%}
            {%- if table -%}
                {%- do run_query('optimize ' ~ table) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{% macro older_rows_are_removed_sql(log, key, moment) -%}
    delete from {{ log }} as older
    where exists (
        select 1
        from {{ log }} as newer
        where
            newer.{{ moment }} > older.{{ moment }}
            {%- for column in key %}
            and newer.{{ column }} <=> older.{{ column }}
            {%- endfor %}
    )
{%- endmacro %}
