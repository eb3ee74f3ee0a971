{#- The incremental strategy `append_only`: a run adds nothing by itself. For the logs, which macros
    append to while other models are built; a full refresh empties them. -#}
{% macro get_incremental_append_only_sql(arg_dict) %}
    {{ return(no_change('append_only')) }}
{% endmacro %}


{#- What a strategy returns when there is nothing to write: no statement, and a line in dbt's log. -#}
{% macro no_change(reason) %}
    {%- call noop_statement('main', 'OK (' ~ reason ~ ')', 'OK', 0) -%}
        -- {{ reason }}
    {%- endcall -%}
    {{ return([]) }}
{% endmacro %}
