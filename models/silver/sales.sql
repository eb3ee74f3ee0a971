-- One row: one accepted sale line. Key: sale_id. Never deduplicated.
with checked_sales as (
    select * from {{ ref('checked_sales') }}
),

final as (
    select
        -- ids
        sale_id,
        customer_id,

        -- dates, numbers and text
        sold_on,
        quantity,
        product,
        raw_product,
        is_known_product,
        shop,
        platform,

        -- file
        _source_file,
        _source_modified_at,
        _batch_id
    from checked_sales
    where size(reject_reasons) = 0
)

select * from final
