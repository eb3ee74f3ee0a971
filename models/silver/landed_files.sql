-- One row: one file that the loader has seen, in its newest state. Key: dataset, source_file.
-- A refused file has a row and no loaded_at; a file refused after it was loaded keeps the time, and
-- bronze the rows of the upload before.
with bronze_load_log as (
    select * from {{ ref('bronze_load_log') }}
),

ranked as (
    select
        *,
        max(case when status = 'loaded' then logged_at end) over (
            partition by dataset, source_file
        ) as loaded_at,
        first_value(case when status != 'refused' then batch_id end) over (
            partition by dataset, source_file
            order by case when status = 'refused' then 1 else 0 end, logged_at desc, batch_id desc
        ) as bronze_batch_id,
        first_value(case when status != 'refused' then row_count end) over (
            partition by dataset, source_file
            order by case when status = 'refused' then 1 else 0 end, logged_at desc, batch_id desc
        ) as bronze_rows,
        row_number() over (
            partition by dataset, source_file
            order by logged_at desc, batch_id desc
        ) as newest_rank
    from bronze_load_log
),

final as (
    select
        -- ids
        dataset,
        source_file,

        -- state
        status,
        reason,

        -- file
        source_size,
        source_modified_at,

        -- times
        loaded_at,
        logged_at,

        -- what bronze has of it
        bronze_batch_id,
        coalesce(bronze_rows, 0) as bronze_rows
    from ranked
    where newest_rank = 1
)

select * from final
