-- One row: one file whose lines were checked, and how many are accepted and rejected for which
-- reasons. Key: dataset, source_file. A file that is in bronze only, because its dataset has no
-- checked model yet or the model has not run since, is not here.
with build_log as (
    select * from {{ ref('build_log') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by dataset, source_file
            order by logged_at desc
        ) as newest_rank
    from build_log
    where model_name = concat('checked_', dataset)
),

final as (
    select
        -- ids
        dataset,
        source_file,

        -- what was checked
        batch_id,
        rules,

        -- rows
        bronze_rows,
        accepted_rows,
        rejected_rows,
        rejections,

        logged_at as checked_at
    from ranked
    where newest_rank = 1
)

select * from final
