-- One row: one rejected sale line, as it is in the file, with every reason. Key: sale_id.
with checked_sales as (
    select * from {{ ref('checked_sales') }}
),

final as (
    select
        -- ids
        sale_id,

        -- checks
        reject_reasons,

        -- the file's text
        raw_sold_on,
        raw_customer_id,
        raw_product,
        raw_quantity,
        raw_shop,
        raw_platform,
        _corrupt_record,

        -- file
        _source_file,
        _source_modified_at,
        _batch_id
    from checked_sales
    where size(reject_reasons) > 0
)

select * from final
