-- One row: one accepted customer line. Key: record_id. A customer has as many rows as lines.
with checked_customers as (
    select * from {{ ref('checked_customers') }}
),

final as (
    select
        -- ids
        record_id,
        customer_id,

        -- text and numbers
        customer_name,
        gender,
        age,

        -- file
        _source_file,
        _source_modified_at,
        _batch_id
    from checked_customers
    where size(reject_reasons) = 0
)

select * from final
