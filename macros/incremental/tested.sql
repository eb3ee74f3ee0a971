{#- A test looks at what was built since it last passed: the same assertion, at the cost of what is
    new. What it has passed over is in test_log. With the variable `audit` it looks at all rows. -#}


{#- The condition that a row of the tested relation is of a file, or in a daily table of a day, that was
    built since the test last passed; false for a seed that was not; true for all rows in an audit, and
    for a view of the logs.
    builder: what fills the relation; by default builder_of_tested. -#}
{% macro built_since_passed(column='_source_file', builder=none) -%}
    {%- if not execute -%}{%- set seen_by_dbt = [ref('build_log'), ref('touched_days'), ref('test_log'), ref('definition_log')] -%}{%- endif -%}
    {%- set builder = (builder or builder_of_tested()) if execute and not var('audit') -%}
    {%- if builder and counts_days(builder) -%}
        {{ touched_since_passed(builder) }}
    {%- elif builder and has_passed_over(builder) -%}
        false
    {%- elif builder and builder.startswith('seed.') -%}
        true
    {%- elif builder -%}
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


{#- The same by days, for what a daily table counts; true for all of them until the test has passed once
    over the table's present rules, as these count every day and touch none.
    daily: the daily table's model. -#}
{% macro touched_since_passed(daily) -%}
    {%- if not execute -%}{%- set seen_by_dbt = [ref('build_log'), ref('touched_days'), ref('test_log'), ref('definition_log')] -%}{%- endif -%}
    {%- if execute and not var('audit') and has_passed_over('touched_days') and has_passed_over(daily) -%}
        false
    {%- elif execute and not var('audit') -%}
        (
            not ({{ newest_rules(daily) }}) <=> ({{ newest_rules(daily, passed_until()) }})
            or sold_on in (
                select sold_on from {{ ref('touched_days') }} where touched_at > {{ passed_until() }}
            )
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#- True for the model of a daily table. -#}
{% macro counts_days(builder) %}
    {%- set node = graph.nodes.get('model.' ~ project_name ~ '.' ~ builder) -%}
    {{ return(node and node.config.incremental_strategy == 'replace_days') }}
{% endmacro %}


{#- The rules by which a model was built last, or was by a moment. -#}
{% macro newest_rules(model_name, moment=none) -%}
    select max_by(rules, logged_at) from {{ ref('build_log') }} where model_name = '{{ model_name }}'
    {%- if moment %} and logged_at <= {{ moment }}{% endif -%}
{%- endmacro %}


{#- True when the current test has passed over all that a model has logged, or touched_days has, or over
    a seed as it was made last: it then has no row to look at. A test of which that is true wherever it
    asks is not run. -#}
{% macro has_passed_over(builder) %}
    {%- set has_passed = false -%}
    {%- if flags.WHICH in ('build', 'test') and not memory_of(builder).get('has_logged') -%}
        {%- set moments = remembered('all', 'moments', logged_moments) -%}
        {%- set until = moments.get('test ' ~ context['model'].name) -%}
        {%- set built = moments.get(builder) -%}
        {%- set has_passed = until is not none and (built <= until if built else not builder.startswith('seed.')) -%}
    {%- endif -%}
    {%- set memory = memory_of(context['model'].unique_id) -%}
    {%- do memory.update({'looks': memory.get('looks', false) or not has_passed}) -%}
    {{ return(has_passed) }}
{% endmacro %}


{#- The newest moment of each model in build_log, of touched_days, of each id in definition_log, and of
    each test in test_log as `test <name>`, as texts that compare as the moments do. -#}
{% macro logged_moments() %}
    {%- set moments = {} -%}
    {%- if load_relation(ref('build_log')) and load_relation(ref('touched_days')) and load_relation(ref('test_log'))
           and load_relation(ref('definition_log')) -%}
        {%- set rows = run_query(
            'select model_name, cast(max(logged_at) as string) from ' ~ ref('build_log') ~ ' group by model_name'
            ~ " union all select 'touched_days', cast(max(touched_at) as string) from " ~ ref('touched_days')
            ~ " union all select concat('test ', test_name), cast(max(tested_until) as string) from "
            ~ ref('test_log') ~ ' group by test_name'
            ~ ' union all select node_id, cast(max(logged_at) as string) from ' ~ ref('definition_log')
            ~ ' group by node_id'
        ) -%}
        {%- for row in rows if row[1] is not none -%}
            {%- do moments.update({row[0]: row[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(moments) }}
{% endmacro %}


{% materialization test, adapter='databricks' %}
    {%- if memory_of(model.unique_id).get('looks', true) or should_store_failures() -%}
        {{ return(dbt.materialization_test_default()) }}
    {%- endif -%}
    {%- set nothing = remembered('all', 'no failure', no_failure) -%}
    {%- do store_raw_result('main', message='OK', code='OK', rows_affected=0, agate_table=nothing) -%}
    {{ return({'relations': []}) }}
{% endmaterialization %}


{#- What the statement of a test gives that finds nothing. -#}
{% macro no_failure() %}
    {{ return(run_query('select 0 as failures, false as should_warn, false as should_error')) }}
{% endmacro %}


{#- The moment until which the current test has passed, as a scalar subquery. -#}
{% macro passed_until() -%}
    (
        select coalesce(max(tested_until), timestamp'1970-01-01 00:00:00')
        from {{ ref('test_log') }}
        where test_name = '{{ context['model'].name }}'
    )
{%- endmacro %}


{#- What fills the tested relation: the name of the model that does so by files or by days, itself or the
    one that a view selects from; the id of a tested seed; none for other relations. -#}
{% macro builder_of_tested() %}
    {%- set ids = [context['model'].attached_node] -%}
    {%- for id in ids -%}
        {%- set node = graph.nodes.get(id) -%}
        {%- if node and node.config.incremental_strategy in ('replace_files', 'merge_touched', 'match_customers', 'replace_days') -%}
            {{ return(node.name) }}
        {%- elif node and node.resource_type == 'seed' and loop.first -%}
            {{ return(id) }}
        {%- elif node and node.config.materialized == 'view' -%}
            {%- do ids.extend(node.depends_on.nodes) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}


{#- Runs at the end of each run: every test that looked and passed has passed over all that is built by
    now. One that warned or failed looks at the same rows again next time. Without news nothing is
    written: also an INSERT of no row is a version of its table. -#}
{% macro log_passed_tests(results) %}
    {%- if not execute -%}{%- set seen_by_dbt = [ref('build_log'), ref('test_log')] -%}{%- endif -%}
    {%- set passed = [] -%}
    {%- for result in results if execute -%}
        {%- if result.node.resource_type == 'test' and result.status == 'pass'
               and '.test_log' in result.node.depends_on.nodes | join(' ')
               and memory_of(result.node.unique_id).get('looks', true) -%}
            {%- do passed.append(result.node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if passed -%}
        {%- set news -%}
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
        {%- endset -%}
        {%- if run_query('select count(*) from (' ~ news ~ ')').rows[0][0] -%}
            insert into {{ ref('test_log') }}
            {{ news }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
