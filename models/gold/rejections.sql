-- One row: one reason for which rows of one file are rejected. Key: dataset, source_file, reason.
-- A row with two reasons counts under both: to count rows, use file_quality.
with rejected_sales as (
    select * from {{ ref('rejected_sales') }}
),

rejected_customers as (
    select * from {{ ref('rejected_customers') }}
),

rejected as (
    select
        'sales' as dataset,
        _source_file as source_file,
        explode(reject_reasons) as reason
    from rejected_sales
    union all
    select
        'customers' as dataset,
        _source_file as source_file,
        explode(reject_reasons) as reason
    from rejected_customers
),

final as (
    select
        dataset,
        source_file,
        reason,
        count(*) as rejected_rows
    from rejected
    group by dataset, source_file, reason
)

select * from final
