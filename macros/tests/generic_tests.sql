{#- Each looks at the rows of files that were built since it last passed (built_since_passed);
    `file_column` names the column that has the file, where it is another one. -#}


{#- The columns together are a key: no value is NULL and no combination occurs twice.
    A key that holds its file's name, as by a hash, can only repeat within a file; any other is
    compared with all rows (`within_file: false`). -#}
{% test is_key(model, columns, within_file=true, file_column='_source_file') %}
    {%- set is_new = built_since_passed(file_column) %}
    select
        {{ columns | join(', ') }},
        count(*) as occurrences
    from {{ model }}
    where
    {%- if within_file or is_new == 'true' %}
        {{ is_new }}
    {%- else %}
        {{ columns[0] }} in (select {{ columns[0] }} from {{ model }} where {{ is_new }})
        or {{ columns[0] }} is null
    {%- endif %}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {%- for column in columns %}
        or {{ column }} is null
        {%- endfor %}
{% endtest %}


{#- None of the columns is NULL in any row. -#}
{% test never_null(model, columns, file_column='_source_file') %}
    select {{ columns | join(', ') }}
    from {{ model }}
    where
        {{ built_since_passed(file_column) }}
        and (
        {%- for column in columns %}
            {{ 'or ' if not loop.first }}{{ column }} is null
        {%- endfor %}
        )
{% endtest %}


{#- The expression is true, and not NULL, for every row. -#}
{% test holds(model, expression, file_column='_source_file') %}
    select *
    from {{ model }}
    where
        {{ built_since_passed(file_column) }}
        and not coalesce({{ expression }}, false)
{% endtest %}
