-- One row: one accepted sale line with its customer's newest attributes. Key: sale_id.
-- A sale whose customer is unknown is not here but in unmatched_sales.
{{ config(materialized='view') }}

with all_sales as (
    select * from {{ ref('all_sales') }}
),

final as (
    select
        -- ids
        sale_id,
        customer_id,

        -- customer
        customer_name,
        gender,
        age,

        -- sale
        sold_on,
        product,
        quantity,
        shop,
        platform,

        -- file
        _source_file as source_file
    from all_sales
    where is_matched
)

select * from final
