-- One row: one file that the loader has seen: its state, its times, and what became of its rows.
-- Key: dataset, source_file. Files of every declared dataset are here, refused and empty ones too;
-- rows that no model has checked yet, or whose dataset has no model, are in bronze only.
{{ config(materialized='view') }}

with landed_files as (
    select * from {{ ref('landed_files') }}
),

checked_files as (
    select * from {{ ref('checked_files') }}
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
        landed_files.bronze_rows as total_rows,
        coalesce(checked_files.accepted_rows, 0) as accepted_rows,
        coalesce(checked_files.rejected_rows, 0) as rejected_rows,
        case when checked_files.batch_id is null then landed_files.bronze_rows else 0 end
            as bronze_only_rows,
        {{ commonest_reason('checked_files.rejections') }} as commonest_reject_reason
    from landed_files
    left join checked_files
        on
            landed_files.dataset = checked_files.dataset
            and landed_files.source_file = checked_files.source_file
            and landed_files.bronze_batch_id = checked_files.batch_id
)

select * from final
