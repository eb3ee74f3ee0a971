{#- The columns together are a key: no value is NULL and no combination occurs twice. -#}
{% test is_key(model, columns) %}
    select
        {{ columns | join(', ') }},
        count(*) as occurrences
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {%- for column in columns %}
        or {{ column }} is null
        {%- endfor %}
{% endtest %}


{#- None of the columns is NULL in any row. -#}
{% test never_null(model, columns) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    where
        {%- for column in columns %}
        {{ 'or ' if not loop.first }}{{ column }} is null
        {%- endfor %}
{% endtest %}


{#- The expression is true, and not NULL, for every row. -#}
{% test holds(model, expression) %}
    select *
    from {{ model }}
    where not coalesce({{ expression }}, false)
{% endtest %}
