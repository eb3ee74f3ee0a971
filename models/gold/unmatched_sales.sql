-- One row: one accepted sale line whose customer is on no accepted customer line. Key: sale_id.
{{ config(materialized='view') }}

with all_sales as (
    select * from {{ ref('all_sales') }}
),

final as (
    select
        -- ids
        sale_id,
        customer_id,

        -- sale
        sold_on,
        product,
        quantity,
        shop,
        platform,

        -- file
        _source_file as source_file
    from all_sales
    where not is_matched
)

select * from final
