-- Conservation: bronze has the rows of each file that the log says, no row more or less.
-- Prevents a file that is logged as loaded but whose rows are gone, doubled or of an older upload.
-- What counts is the file's newest entry that is not `refused`: a refused upload leaves the rows of
-- the one before it. A header alone logs 0 rows, a duplicate 0, a file gone from the landing place
-- the rows that stay.
-- An audit runs it over all files; on each run the same is proved for the files that changed, behind
-- each checked model.
{{ config(enabled=var('audit')) }}
{%- set tables = loaded_tables() %}

with bronze as (
    {%- for table in tables %}
    select
        {{ string_literals([table.name]) }} as dataset,
        _source_file,
        _source_etag
    from {{ table.relation_name }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

in_bronze as (
    select
        dataset,
        _source_file,
        count(*) as bronze_rows,
        min(_source_etag) as first_etag,
        max(_source_etag) as last_etag
    from bronze
    group by dataset, _source_file
),

ranked as (
    select
        dataset,
        source_file,
        source_etag,
        row_count,
        row_number() over (
            partition by dataset, source_file
            order by logged_at desc, batch_id desc
        ) as newest_rank
    from {{ source('bronze', 'load_log') }}
    where
        status != 'refused'
        and dataset in ({{ string_literals(tables | map(attribute='name')) }})
),

logged as (
    select
        dataset,
        source_file,
        source_etag,
        row_count
    from ranked
    where newest_rank = 1
)

select
    coalesce(logged.dataset, in_bronze.dataset) as dataset,
    coalesce(logged.source_file, in_bronze._source_file) as source_file,
    coalesce(logged.row_count, 0) as logged_rows,
    coalesce(in_bronze.bronze_rows, 0) as bronze_rows
from logged
full outer join in_bronze
    on
        logged.dataset = in_bronze.dataset
        and logged.source_file = in_bronze._source_file
where
    coalesce(logged.row_count, 0) != coalesce(in_bronze.bronze_rows, 0)
    or in_bronze.first_etag != logged.source_etag
    or in_bronze.last_etag != logged.source_etag
