{#- A test looks at what was built since it last passed: the same assertion, at the cost of what is
    new. What it has passed over is in test_log. With the variable `audit` it looks at all rows. -#}


{#- The condition that a row of the tested relation is of a file that was built since the test last
    passed; true for all rows in an audit, and for a relation that no file-wise model fills.
    builder: the model that fills the relation file by file; by default that of the tested one. -#}
{% macro built_since_passed(column='_source_file', builder=none) -%}
    {%- if not execute -%}{%- set seen_by_dbt = [ref('build_log'), ref('test_log')] -%}{%- endif -%}
    {%- set builder = (builder or builder_of_tested()) if execute and not var('audit') -%}
    {%- if builder -%}
        {{ column }} in (
            select source_file
            from {{ ref('build_log') }}
            where
                model_name = '{{ builder }}'
                and logged_at > {{ passed_until() }}
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#- The same by days, for what daily_sales counts; true for all of them until the test has passed once,
    as a first build touches no day. -#}
{% macro touched_since_passed() -%}
    {%- if not execute -%}{%- set seen_by_dbt = [ref('touched_days'), ref('test_log')] -%}{%- endif -%}
    {%- if execute and not var('audit') -%}
        (
            {{ passed_until() }} = timestamp'1970-01-01 00:00:00'
            or sold_on in (
                select sold_on from {{ ref('touched_days') }} where touched_at > {{ passed_until() }}
            )
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#- The moment until which the current test has passed, as a scalar subquery. -#}
{% macro passed_until() -%}
    (
        select coalesce(max(tested_until), timestamp'1970-01-01 00:00:00')
        from {{ ref('test_log') }}
        where test_name = '{{ context['model'].name }}'
    )
{%- endmacro %}


{#- The name of the model that fills the tested relation file by file: itself, or the one that a view
    selects from; none where there is none. -#}
{% macro builder_of_tested() %}
    {%- set ids = [context['model'].attached_node] -%}
    {%- for id in ids -%}
        {%- set node = graph.nodes.get(id) -%}
        {%- if node and node.config.incremental_strategy in ('replace_files', 'merge_touched', 'match_customers') -%}
            {{ return(node.name) }}
        {%- elif node and node.config.materialized == 'view' -%}
            {%- do ids.extend(node.depends_on.nodes) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}


{#- Runs at the end of each run: every test that passed has passed over all that is built by now. One
    that warned or failed looks at the same rows again next time. -#}
{% macro log_passed_tests(results) %}
    {%- if not execute -%}{%- set seen_by_dbt = [ref('build_log'), ref('test_log')] -%}{%- endif -%}
    {%- set passed = [] -%}
    {%- for result in results if execute -%}
        {%- if result.node.resource_type == 'test' and result.status == 'pass'
               and '.test_log' in result.node.depends_on.nodes | join(' ') -%}
            {%- do passed.append(result.node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if passed -%}
        insert into {{ ref('test_log') }}
        select passed.test_name, newest.logged_at as tested_until
        from (values {% for name in passed %}('{{ name }}'){{ ', ' if not loop.last }}{% endfor %}) as passed(test_name)
        cross join (select max(logged_at) as logged_at from {{ ref('build_log') }}) as newest
        left join (
            select test_name, max(tested_until) as tested_until
            from {{ ref('test_log') }}
            group by test_name
        ) as known
            on passed.test_name = known.test_name
        where newest.logged_at > coalesce(known.tested_until, timestamp'1970-01-01 00:00:00')
    {%- endif -%}
{% endmacro %}
