-- One row: one accepted sale line with its customer's newest attributes. Key: sale_id.
-- A sale whose customer is unknown is not here but in unmatched_sales.
with sales as (
    select * from {{ ref('sales') }}
),

customers as (
    select * from {{ ref('customers') }}
),

final as (
    select
        -- ids
        sales.sale_id,
        sales.customer_id,

        -- customer
        customers.customer_name,
        customers.gender,
        customers.age,

        -- sale
        sales.sold_on,
        sales.product,
        sales.quantity,
        sales.shop,
        sales.platform
    from sales
    inner join customers
        on sales.customer_id = customers.customer_id
)

select * from final
