-- One row: one file and one loading, as the loader logged it. Never changed, only added to.
-- Key: batch_id, dataset, source_file.
with source as (
    select * from {{ source('bronze', 'load_log') }}
),

final as (
    select
        -- ids
        batch_id,
        dataset,
        source_file,

        -- file
        source_etag,
        source_size,
        source_modified_at,

        -- outcome
        status,
        reason,
        row_count,
        corrupt_row_count,
        columns_added,
        logged_at
    from source
)

select * from final
