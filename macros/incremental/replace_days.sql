{#- The incremental strategy `replace_days` of the daily tables: one atomic statement replaces the
    rows of every touched day. What was touched is in touched_days; build_log has, as the model's batch, the
    moment up to which they are counted. Other rules count every day again. -#}
{% macro get_incremental_replace_days_sql(arg_dict) %}
    {%- set days = days_to_count() -%}
    {%- if days is not none and not days -%}
        {{ return(no_change('no day has changed')) }}
    {%- endif -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='quoted') | list -%}
    {%- set statement -%}
        {%- if days is none %}
        insert overwrite {{ target }}
        {%- else %}
        insert into {{ target }}
        replace where {{ day_is_in(days) }}
        {%- endif %}
        select {{ columns | join(', ') }}
        from {{ arg_dict['temp_relation'] }}
    {%- endset -%}
    {{ return([statement]) }}
{% endmacro %}


{#- The days to count, as texts; none when all of them are, as on a first build. -#}
{% macro pending_days() %}
    {%- if not execute -%}{%- set seen_by_dbt = [ref('build_log'), ref('touched_days')] -%}{%- endif -%}
    {%- if not execute or not is_incremental() -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(days_to_count()) }}
{% endmacro %}


{#- The same for a model's hook, and asked once in a run. -#}
{% macro days_to_count() %}
    {{ return(remembered(model.unique_id, 'days', touched_days_not_counted)) }}
{% endmacro %}


{% macro touched_days_not_counted() %}
    {%- set counted = run_query(newest_count_sql()) -%}
    {%- if not counted | length or counted[0][1] != rules_fingerprint() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set days = run_query(
        'select distinct cast(sold_on as string) from ' ~ ref('touched_days')
        ~ " where touched_at > timestamp'" ~ counted[0][0] ~ "' order by 1"
    ) -%}
    {{ return(days.columns[0].values() | list) }}
{% endmacro %}


{% macro newest_count_sql() -%}
    select batch_id, rules
    from {{ ref('build_log') }}
    where model_name = '{{ model.name }}'
    order by logged_at desc, batch_id desc
    limit 1
{%- endmacro %}


{% macro where_day_is_in(days) -%}
    {%- if days is not none %}where {{ day_is_in(days) }}{% endif -%}
{%- endmacro %}


{% macro day_is_in(days) -%}
    {%- if days -%}
        sold_on in ({% for day in days %}date'{{ day }}'{{ ', ' if not loop.last }}{% endfor %})
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}


{#- The hook behind a daily table: it logs up to which moment touched days are counted. -#}
{% macro log_days() %}
    {%- if execute -%}
        {%- set days = days_to_count() -%}
        {%- if days is none or days -%}
            {%- do memory_of(model.name).update({'has_logged': true}) -%}
            {%- do run_query(log_days_sql()) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro log_days_sql() -%}
    insert into {{ ref('build_log') }}
    select
        '{{ model.name }}' as model_name,
        'sales' as dataset,
        cast(null as string) as source_file,
        cast(coalesce(max(touched_at), timestamp'1970-01-01 00:00:00') as string) as batch_id,
        '{{ rules_fingerprint() }}' as rules,
        cast(null as bigint) as bronze_rows,
        cast(null as bigint) as accepted_rows,
        cast(null as bigint) as rejected_rows,
        cast(null as array<struct<reason: string, row_count: bigint>>) as rejections,
        current_timestamp() as logged_at
    from {{ ref('touched_days') }}
{%- endmacro %}
