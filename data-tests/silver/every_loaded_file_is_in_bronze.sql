-- Conservation: a file whose newest log entry is `loaded` is in bronze with the rows it logged.
-- Prevents a file that is logged as loaded but whose rows are gone or doubled. A file that has a
-- header alone logs 0 rows and is in bronze with none.
with bronze as (
    select
        'sales' as dataset,
        _source_file
    from {{ source('bronze', 'sales') }}
    union all
    select
        'customers' as dataset,
        _source_file
    from {{ source('bronze', 'customers') }}
),

in_bronze as (
    select
        dataset,
        _source_file,
        count(*) as bronze_rows
    from bronze
    group by dataset, _source_file
),

ranked as (
    select
        dataset,
        source_file,
        status,
        row_count,
        row_number() over (
            partition by dataset, source_file
            order by logged_at desc, batch_id desc
        ) as newest_rank
    from {{ source('bronze', 'load_log') }}
)

select
    ranked.dataset,
    ranked.source_file,
    ranked.row_count as logged_rows,
    coalesce(in_bronze.bronze_rows, 0) as bronze_rows
from ranked
left join in_bronze
    on
        ranked.dataset = in_bronze.dataset
        and ranked.source_file = in_bronze._source_file
where
    ranked.newest_rank = 1
    and ranked.status = 'loaded'
    and ranked.row_count != coalesce(in_bronze.bronze_rows, 0)
