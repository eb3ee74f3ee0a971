-- One row: one rejected customer line, as it is in the file, with every reason. Key: record_id.
with checked_customers as (
    select * from {{ ref('checked_customers') }}
),

final as (
    select
        -- ids
        record_id,

        -- checks
        reject_reasons,

        -- the file's text
        raw_customer_id,
        raw_customer_name,
        raw_gender,
        raw_age,
        _corrupt_record,

        -- file
        _source_file,
        _source_modified_at,
        _batch_id
    from checked_customers
    where size(reject_reasons) > 0
)

select * from final
