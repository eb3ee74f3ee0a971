-- Conservation, counted anew over all rows: for each file of each dataset that has a checked model,
-- bronze rows = checked rows. On each run the same is proved for the files that changed, behind each
-- checked model; this finds what has been written to a table since by something else.
-- An audit runs it (`dbt test --vars 'audit: true'`), behind a build and not within one.
{{ config(enabled=var('audit')) }}
{%- set pairs = relations_of_checked_datasets() %}

with counted as (
    {%- for pair in pairs %}
    select
        {{ string_literals([pair.dataset]) }} as dataset,
        _source_file,
        1 as in_bronze,
        0 as in_silver
    from {{ pair.bronze }}
    union all
    select
        {{ string_literals([pair.dataset]) }} as dataset,
        _source_file,
        0 as in_bronze,
        1 as in_silver
    from {{ pair.checked }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    dataset,
    _source_file,
    sum(in_bronze) as bronze_rows,
    sum(in_silver) as silver_rows
from counted
group by dataset, _source_file
having sum(in_bronze) != sum(in_silver)
