{#- A test of severity warn gives one row for each thing to do, with the column `warning` in words. They
    are printed at the end of the run, on a workspace as here; `run-job` repeats them. -#}


{#- The words of a column that a seed does not list, with how many rows have each.
    listed: the seed's column, spelled as the tested one; what: the rows, in the plural. -#}
{% test words_are_listed(model, column, seed, listed, what) %}
    select
        concat(
            count(*), ' {{ what }} of ', coalesce({{ column }}, 'nothing'),
            ': add it to seeds/{{ seed }}.csv'
        ) as warning
    from {{ model }}
    where
        {{ built_since_passed() }}
        and {{ column }} not in (
            select {{ listed }} from {{ ref(seed) }} where {{ listed }} is not null
        )
    group by {{ column }}
    order by count(*) desc, {{ column }}
{% endtest %}


{#- The relation is empty; each row of it is a warning, whose words the expression gives. -#}
{% test no_rows(model, warning, file_column='_source_file') %}
    select {{ warning }} as warning
    from {{ model }}
    where {{ built_since_passed(file_column) }}
{% endtest %}


{#- No file has more rejected rows than file_limits lets pass in silence, and none far fewer rows than
    its dataset's files usually have. Those that were checked last come first. -#}
{% test files_are_as_usual(model) %}
    with files as (
        select * from {{ model }}
    ),
    usual as (
        select dataset, percentile_approx(bronze_rows, 0.5) as usual_rows, count(*) as files
        from files
        group by dataset
    ),
    limits as (
        select
            usual.dataset,
            usual.usual_rows,
            usual.files,
            coalesce(own.warn_share, every.warn_share) as warn_share,
            coalesce(own.warn_rows, every.warn_rows) as warn_rows,
            coalesce(own.fewest_share, every.fewest_share) as fewest_share
        from usual
        left join {{ ref('file_limits') }} as own on usual.dataset = own.dataset
        left join {{ ref('file_limits') }} as every on every.dataset = 'any'
    ),
    told as (
        select
            concat(
                files.rejected_rows, ' of ', files.bronze_rows, ' rows of ', files.source_file,
                ' are rejected (', round(100.0 * files.rejected_rows / files.bronze_rows, 1),
                ' %), most of them as ', {{ commonest_reason('files.rejections') }},
                ': see {{ var('schemas').get('silver', 'silver') }}.rejected_', files.dataset, ', or change the limits in seeds/file_limits.csv'
            ) as warning,
            files.rejected_rows / files.bronze_rows as rejected_share,
            files.checked_at
        from files
        inner join limits on files.dataset = limits.dataset
        where
            files.rejected_rows > limits.warn_share * files.bronze_rows
            and files.rejected_rows >= limits.warn_rows
        union all
        select
            concat(
                files.source_file, ' has ', files.bronze_rows, ' rows, and a file of ', files.dataset,
                ' usually ', limits.usual_rows, ': is it whole? The limit is in seeds/file_limits.csv'
            ) as warning,
            0 as rejected_share,
            files.checked_at
        from files
        inner join limits on files.dataset = limits.dataset
        where
            limits.files >= 10
            and files.bronze_rows > 0
            and files.bronze_rows < limits.fewest_share * limits.usual_rows
    )
    select warning
    from told
    order by checked_at desc, rejected_share desc, warning
{% endtest %}


{#- Prints what each test that warned has found, ten of its warnings at the most. What is said of files
    is asked anew, as the test may have run before the models that checked them. -#}
{% macro print_warnings(results) %}
    {%- for result in results
           if execute and result.node.resource_type == 'test'
           and (result.status == 'warn' or '.test_files_are_as_usual' in result.node.depends_on.macros | join(' ')) -%}
        {%- set found = run_query('select * from (' ~ result.node.compiled_code ~ ') as found limit 1000') -%}
        {%- if 'warning' in found.column_names -%}
            {%- for row in found.rows[:10] -%}
                {%- do log('Warning: ' ~ row['warning'] | replace('\n', ' '), info=true) -%}
            {%- endfor -%}
            {%- if found.rows | length > 10 -%}
                {%- do log('Warning: ' ~ (found.rows | length - 10) ~ ' more like that, by the test ' ~ result.node.name, info=true) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
