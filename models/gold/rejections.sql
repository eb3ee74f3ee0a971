-- One row: one reason for which rows of one file are rejected. Key: dataset, source_file, reason.
-- A row with two reasons counts under both: to count rows, use file_quality.
{{ config(materialized='view') }}

with checked_files as (
    select * from {{ ref('checked_files') }}
),

exploded as (
    select
        dataset,
        source_file,
        explode(rejections) as rejection
    from checked_files
),

final as (
    select
        exploded.dataset,
        exploded.source_file,
        exploded.rejection.reason,
        exploded.rejection.row_count as rejected_rows
    from exploded
)

select * from final
