-- One row: one file that the loader has seen: its state, its times, and what became of its rows.
-- Key: dataset, source_file. Refused and empty files are here too, with no rows.
with landed_files as (
    select * from {{ ref('landed_files') }}
),

checked_sales as (
    select * from {{ ref('checked_sales') }}
),

checked_customers as (
    select * from {{ ref('checked_customers') }}
),

checked as (
    select
        'sales' as dataset,
        _source_file as source_file,
        size(reject_reasons) = 0 as is_accepted
    from checked_sales
    union all
    select
        'customers' as dataset,
        _source_file as source_file,
        size(reject_reasons) = 0 as is_accepted
    from checked_customers
),

counted as (
    select
        dataset,
        source_file,
        count_if(is_accepted) as accepted_rows,
        count_if(not is_accepted) as rejected_rows
    from checked
    group by dataset, source_file
),

final as (
    select
        -- ids
        landed_files.dataset,
        landed_files.source_file,

        -- state
        landed_files.status,
        landed_files.reason,
        landed_files.source_size as size_bytes,
        landed_files.source_modified_at as landed_at,
        landed_files.loaded_at,

        -- rows
        coalesce(counted.accepted_rows + counted.rejected_rows, 0) as total_rows,
        coalesce(counted.accepted_rows, 0) as accepted_rows,
        coalesce(counted.rejected_rows, 0) as rejected_rows
    from landed_files
    left join counted
        on
            landed_files.dataset = counted.dataset
            and landed_files.source_file = counted.source_file
)

select * from final
